"""A certificate for a server, signed by an authority of its own (X.509, RFC 5280). Pure, but for keys and serials."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from hauberk.runtime.signed import is_signed_by

_SKEW = timedelta(minutes=5)
"""How far the clocks of machines may differ."""
_COMMON_NAME_MAX = 64


@dataclass(frozen=True)
class Pair:
    """A certificate with its key, a secret, and the authority that signed it."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    authority: x509.Certificate

    def __repr__(self) -> str:
        return f"Pair(until {self.end.isoformat()})"

    @property
    def begin(self) -> datetime:
        return self.certificate.not_valid_before_utc

    @property
    def end(self) -> datetime:
        return min(self.certificate.not_valid_after_utc, self.authority.not_valid_after_utc)

    @property
    def key_pem(self) -> bytes:
        """A secret."""
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    @property
    def is_whole(self) -> bool:
        """Whether the three belong together."""
        belongs = self.key.public_key() == self.certificate.public_key()
        return belongs and is_signed_by(self.certificate, self.authority)

    def names(self) -> frozenset[str]:
        """Under which clients take it."""
        try:
            extension = self.certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        except (x509.ExtensionNotFound, ValueError):
            return frozenset()
        return frozenset(extension.value.get_values_for_type(x509.DNSName))


def made(names: Sequence[str], lifetime: timedelta, *, now: datetime) -> Pair:
    """For these DNS names. The authority can never sign again: its key is not kept."""
    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:_COMMON_NAME_MAX])])
    builder = (
        _builder(now, lifetime)
        .subject_name(name)
        .issuer_name(name)
        .public_key(authority_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key()), critical=False)
    )
    authority = builder.sign(authority_key, hashes.SHA256())
    leaf = (
        _builder(now, lifetime)
        # Critical because the subject is empty (RFC 5280, 4.2.1.6): names are longer than a common name may be.
        .subject_name(x509.Name([]))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=True)
        .issuer_name(name)
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False)
    )
    return Pair(leaf.sign(authority_key, hashes.SHA256()), key, authority)


def _builder(now: datetime, lifetime: timedelta) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .serial_number(x509.random_serial_number())
        .not_valid_before((now - _SKEW).replace(microsecond=0))
        .not_valid_after((now + lifetime).replace(microsecond=0))
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )
