"""Which signing requests are in order."""

from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from signing_requests import WEB, csr_for

from hauberk.identity.csr import MAX_BYTES, CsrInvalid, public_key_of

LONG = "linkerd-destination.hauberk.serviceaccount.identity.hauberk.cluster.local"


@pytest.mark.parametrize(("identity", "common_name"), [(WEB, ""), (WEB, WEB), (LONG, LONG)])
def test_one_dns_name_and_perhaps_the_same_common_name_are_in_order(identity: str, common_name: str) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    assert public_key_of(csr_for(identity, common_name=common_name, key=key), identity=identity) == key.public_key()


@pytest.mark.parametrize(
    "der",
    [
        csr_for(),
        csr_for("api.default.serviceaccount.identity.hauberk.cluster.local"),
        csr_for(WEB, "api.default.serviceaccount.identity.hauberk.cluster.local"),
        csr_for(WEB, common_name="somebody-else"),
        csr_for(WEB, others=[x509.IPAddress(ip_address("10.77.0.2"))]),
        csr_for(WEB, others=[x509.UniformResourceIdentifier("spiffe://cluster.local/ns/default/sa/api")]),
        csr_for(WEB, others=[x509.RFC822Name("web@example.com")]),
        csr_for(WEB.upper()),
        csr_for(WEB, key=ec.generate_private_key(ec.SECP384R1())),
        csr_for(WEB, key=rsa.generate_private_key(65537, 2048)),
        b"",
        b"-----BEGIN CERTIFICATE REQUEST-----",
        csr_for(WEB)[:-1],
        b"\x30" * (MAX_BYTES + 1),
    ],
)
def test_anything_else_is_refused(der: bytes) -> None:
    with pytest.raises(CsrInvalid):
        public_key_of(der, identity=WEB)


def test_a_request_that_its_key_did_not_sign_is_refused() -> None:
    der = bytearray(csr_for(WEB))
    der[-1] ^= 1
    with pytest.raises(CsrInvalid):
        public_key_of(bytes(der), identity=WEB)
