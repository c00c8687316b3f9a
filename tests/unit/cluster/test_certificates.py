"""Certificates are by our authority, for whom and what they are wanted, and made anew only when they are not."""

import json
import stat
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID as Purpose
from cryptography.x509.oid import NameOID
from cryptography.x509.verification import Criticality, ExtensionPolicy, PolicyBuilder, Store, VerificationError

from cluster import addresses, certificates, identities
from cluster.authority import Authority
from cluster.certificates import Wish
from cluster.places import Places


@pytest.fixture
def places(tmp_path: Path) -> Places:
    made = Places(tmp_path)
    identities.make(made, 2)
    return made


def load(places: Places, name: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate((places.keys / f"{name}.crt").read_bytes())


def purposes(certificate: x509.Certificate) -> set[x509.ObjectIdentifier]:
    return set(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)


def users(certificate: x509.Certificate) -> tuple[str, list[object]]:
    subject = certificate.subject
    (common,) = subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(common.value), [each.value for each in subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)]


def verify(places: Places, name: str) -> list[x509.Certificate]:
    """As a careful client verifies a server."""
    builder = PolicyBuilder().store(Store([load(places, "ca")]))
    # A root that is trusted for what it is needs no other name.
    anyone = ExtensionPolicy.permit_all().require_present(x509.BasicConstraints, Criticality.AGNOSTIC, None)
    builder = builder.extension_policies(ca_policy=anyone, ee_policy=ExtensionPolicy.webpki_defaults_ee())
    return builder.build_server_verifier(x509.IPAddress(addresses.machine()[0])).verify(load(places, name), [])


def test_the_api_servers_certificate_verifies_for_its_addresses(places: Places) -> None:
    assert len(verify(places, identities.API_SERVER)) == 2
    names = load(places, identities.API_SERVER).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "kubernetes.default.svc" in names.get_values_for_type(x509.DNSName)
    assert {*addresses.machine(), addresses.service_api()} == set(names.get_values_for_type(x509.IPAddress))


def test_a_certificate_of_another_kind_does_not_verify_as_the_server(places: Places) -> None:
    for name in (identities.ADMIN, identities.kubelet(1)):
        with pytest.raises(VerificationError):
            verify(places, name)


def test_who_is_who(places: Places) -> None:
    assert users(load(places, identities.ADMIN)) == ("admin", ["system:masters"])
    assert users(load(places, identities.kubelet(2))) == ("system:node:n2", ["system:nodes"])
    assert users(load(places, identities.SCHEDULER)) == ("system:kube-scheduler", [])


def test_what_for(places: Places) -> None:
    assert purposes(load(places, identities.API_SERVER)) == {Purpose.SERVER_AUTH}
    assert purposes(load(places, identities.ADMIN)) == {Purpose.CLIENT_AUTH}
    assert purposes(load(places, identities.kubelet(1))) == {Purpose.SERVER_AUTH, Purpose.CLIENT_AUTH}


def test_all_are_by_the_authority_and_their_keys_are_nobody_elses(places: Places) -> None:
    for name in identities.wishes(2):
        load(places, name).verify_directly_issued_by(load(places, "ca"))
        key = serialization.load_pem_private_key((places.keys / f"{name}.key").read_bytes(), None)
        assert key.public_key() == load(places, name).public_key()
    secrets = [*places.keys.glob("*.key"), *places.run.glob("*.kubeconfig")]
    assert len(secrets) == len(identities.wishes(2)) + 2 + 6
    assert {stat.S_IMODE(path.stat().st_mode) for path in secrets} == {0o600}


def test_tokens_are_signed_with_rsa(places: Places) -> None:
    private = serialization.load_pem_private_key((places.keys / "sa.key").read_bytes(), None)
    public = serialization.load_pem_public_key((places.keys / "sa.pub").read_bytes())
    assert isinstance(private, rsa.RSAPrivateKey)
    assert private.public_key() == public


def test_a_second_time_nothing_is_made(places: Places) -> None:
    before = {path: path.read_bytes() for path in places.run.rglob("*") if path.is_file()}
    identities.make(places, 2)
    assert {path: path.read_bytes() for path in places.run.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("broken", ["admin.key", "admin.crt"])
def test_a_pair_that_was_interrupted_is_made_anew(places: Places, broken: str) -> None:
    (places.keys / broken).write_bytes((places.keys / broken.replace("admin", identities.SCHEDULER)).read_bytes())
    identities.make(places, 2)
    key = serialization.load_pem_private_key((places.keys / "admin.key").read_bytes(), None)
    assert users(load(places, "admin"))[0] == "admin"
    assert load(places, "admin").public_key() == key.public_key()


def test_another_authority_makes_all_anew(places: Places) -> None:
    old = load(places, "ca")
    (places.keys / "ca.crt").unlink()
    identities.make(places, 2)
    load(places, "admin").verify_directly_issued_by(load(places, "ca"))
    with pytest.raises(InvalidSignature):
        load(places, "admin").verify_directly_issued_by(old)


def test_another_wish_makes_it_anew_and_the_same_one_does_not(tmp_path: Path) -> None:
    wish = Wish("it", "group", dns=("it",), ips=(ip_address("10.0.0.1"),), server=True)
    others = [
        Wish("it", "other", dns=("it",), ips=wish.ips, server=True),
        Wish("it", "group", dns=("it",), ips=(ip_address("10.0.0.2"),), server=True),
        Wish("it", "group", dns=("it",), ips=wish.ips),
        Wish("it", "group", server=True),
    ]
    authority = Authority(tmp_path)
    authority.grant("it", wish)
    root, made = (x509.load_pem_x509_certificate((tmp_path / f"{name}.crt").read_bytes()) for name in ("ca", "it"))
    now = certificates.now()
    assert certificates.grants(made, wish, root, now)
    assert [certificates.grants(made, other, root, now) for other in others] == [False] * 4
    assert not certificates.grants(made, wish, root, now + timedelta(days=3640))


def test_a_kubeconfig_names_the_server_and_the_user(places: Places) -> None:
    document = json.loads(places.kubeconfig(identities.ADMIN).read_text())
    ((cluster,), (user,), (context,)) = (document[kind] for kind in ("clusters", "users", "contexts"))
    assert cluster["cluster"]["server"] == "https://10.124.0.1:6443"
    assert Path(user["user"]["client-key"]) == places.keys / "admin.key"
    assert context["name"] == document["current-context"]
    assert context["context"] == {"cluster": cluster["name"], "user": user["name"]}
