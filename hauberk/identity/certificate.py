"""Making certificates (X.509, RFC 5280). Pure: keys, names and times are arguments; serial numbers are random."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_COMMON_NAME_MAX = 64
"""Characters (X.520)."""


@dataclass(frozen=True, slots=True)
class Validity:
    """From when until when; certificates count whole seconds."""

    begin: datetime
    end: datetime


@dataclass(frozen=True)
class Signing:
    """A certificate that signs others, and its key. The key is a secret."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    def __repr__(self) -> str:
        return f"Signing({self.certificate.subject.rfc4514_string()})"


def validity(now: datetime, lifetime: timedelta, *, skew: timedelta, until: datetime | None = None) -> Validity:
    """Begin `skew` ago, end a lifetime from now and not after `until`, the end of whoever signs."""
    end = now + lifetime if until is None else min(now + lifetime, until)
    return Validity((now - skew).replace(microsecond=0), end.replace(microsecond=0))


def make_root(common_name: str, valid: Validity) -> Signing:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(common_name)
    builder = _authority(name, name, key, valid, path_length=1)
    return Signing(builder.sign(key, hashes.SHA256()), key)


def make_issuer(common_name: str, valid: Validity, root: Signing) -> Signing:
    """An intermediate that signs leaves and nothing else."""
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _authority(_name(common_name), root.certificate.subject, key, valid, path_length=0)
    builder = builder.add_extension(_key_of_issuer(root.certificate), critical=False)
    return Signing(builder.sign(root.key, hashes.SHA256()), key)


def make_leaf(
    public_key: ec.EllipticCurvePublicKey, *, identity: str, spiffe: str, valid: Validity, issuer: Signing
) -> x509.Certificate:
    """A workload's certificate. Peers take the first name for the identity; the second is the SPIFFE ID."""
    names = x509.SubjectAlternativeName([x509.DNSName(identity), x509.UniformResourceIdentifier(spiffe)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(issuer.certificate.subject)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(valid.begin)
        .not_valid_after(valid.end)
        # Critical because the subject is empty (RFC 5280, 4.2.1.6): identities are longer than a common name may be.
        .add_extension(names, critical=True)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(key_encipherment=True), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(_key_of_issuer(issuer.certificate), critical=False)
    )
    return builder.sign(issuer.key, hashes.SHA256())


def _authority(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, valid: Validity, *, path_length: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(valid.begin)
        .not_valid_after(valid.end)
        .add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name[:_COMMON_NAME_MAX])])


def _usage(*, signs: bool = False, key_encipherment: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        content_commitment=False,
        key_encipherment=key_encipherment,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


def _key_of_issuer(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    """As the issuer itself names its key, or made of the key where it does not."""
    try:
        named = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    except x509.ExtensionNotFound:
        key = issuer.public_key()
        return x509.AuthorityKeyIdentifier.from_issuer_public_key(key)  # type: ignore[arg-type]
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(named)
