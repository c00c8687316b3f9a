"""Certificates of the cluster, as they are wanted and as they are made. Keys of P-256."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from cluster.addresses import Address

_LIFETIME = timedelta(days=3650)
_SKEW = timedelta(days=1)
_REST = timedelta(days=30)
"""A certificate with less time left is made anew."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Whose certificate, and for what. To Kubernetes the common name is a user, the organization a group."""

    common_name: str
    organization: str = ""
    dns: tuple[str, ...] = ()
    ips: tuple[Address, ...] = ()
    server: bool = False
    client: bool = True

    def subject(self) -> x509.Name:
        named = [(NameOID.ORGANIZATION_NAME, self.organization), (NameOID.COMMON_NAME, self.common_name)]
        return x509.Name([x509.NameAttribute(kind, value) for kind, value in named if value])

    def purposes(self) -> x509.ExtendedKeyUsage:
        wanted = [(self.server, ExtendedKeyUsageOID.SERVER_AUTH), (self.client, ExtendedKeyUsageOID.CLIENT_AUTH)]
        return x509.ExtendedKeyUsage([purpose for wants, purpose in wanted if wants])

    def other_names(self) -> x509.SubjectAlternativeName | None:
        found = [*(x509.DNSName(name) for name in self.dns), *(x509.IPAddress(ip) for ip in self.ips)]
        return x509.SubjectAlternativeName(found) if found else None


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def root(name: str, key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.Certificate:
    """An authority that signs itself."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    return (
        _builder(subject, subject, key.public_key(), now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(_usage(authority=True), critical=True)
        .sign(key, hashes.SHA256())
    )


def issue(
    wish: Wish,
    key: ec.EllipticCurvePublicKey,
    authority: x509.Certificate,
    authority_key: ec.EllipticCurvePrivateKey,
    now: datetime,
) -> x509.Certificate:
    builder = (
        _builder(wish.subject(), authority.subject, key, now)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(authority=False), critical=True)
        .add_extension(wish.purposes(), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()),
            critical=False,
        )
    )
    if names := wish.other_names():
        builder = builder.add_extension(names, critical=False)
    return builder.sign(authority_key, hashes.SHA256())


def grants(certificate: x509.Certificate, wish: Wish, authority: x509.Certificate, now: datetime) -> bool:
    """Whether it is what `issue` would make, by this authority and with enough time left."""
    try:
        certificate.verify_directly_issued_by(authority)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return (
        certificate.subject == wish.subject()
        and _extension(certificate, x509.ExtendedKeyUsage) == wish.purposes()
        and _extension(certificate, x509.SubjectAlternativeName) == wish.other_names()
        and certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc - _REST
    )


def now() -> datetime:
    return datetime.now(UTC)


def _extension(certificate: x509.Certificate, kind: type[x509.ExtensionType]) -> x509.ExtensionType | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now + _LIFETIME)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
