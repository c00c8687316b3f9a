"""Certificates and keys of the authority in PEM; as files: keys 0600, each file replaced at once."""

from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from hauberk.identity.certificate import Signing
from hauberk.identity.files import PRIVATE, PUBLIC, write_durably


class AuthorityUnusable(Exception):
    """The authority's files cannot be used; the message names the file and says what to do."""


def read_key(path: Path) -> ec.EllipticCurvePrivateKey:
    """Raises AuthorityUnusable."""
    return key_in(_read(path), str(path))


def key_in(pem: bytes, where: str) -> ec.EllipticCurvePrivateKey:
    """`where` it was found. Raises AuthorityUnusable."""
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise AuthorityUnusable(f"{where} is not a private key in PEM without a password: restore it") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise AuthorityUnusable(f"{where} is not a key on an elliptic curve: issue with ECDSA, P-256 or P-384")
    return key


def read_own_key(path: Path) -> ec.EllipticCurvePrivateKey:
    """Read a key that is kept here, and see to it that nobody else can, whatever a restore made of its mode.

    Raises AuthorityUnusable.
    """
    try:
        path.chmod(PRIVATE)
    except OSError as error:
        raise AuthorityUnusable(f"{path} cannot be read ({error.strerror}): restore it") from error
    return read_key(path)


def read_certificates(path: Path) -> list[x509.Certificate]:
    """Return at least one certificate. Raises AuthorityUnusable."""
    return certificates_in(_read(path), str(path))


def certificates_in(pem: bytes, where: str) -> list[x509.Certificate]:
    """Return at least one certificate; `where` they were found. Raises AuthorityUnusable."""
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        raise AuthorityUnusable(f"{where} is not a certificate in PEM: restore it") from error


def pem_of(*certificates: x509.Certificate) -> str:
    return "".join(certificate.public_bytes(serialization.Encoding.PEM).decode() for certificate in certificates)


def key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """A secret."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def keep(signing: Signing, directory: Path, name: str) -> None:
    """Write `name`.key and then `name`.crt: a certificate that is there has its key. Raises AuthorityUnusable."""
    try:
        write_durably(directory / f"{name}.key", key_pem(signing.key), mode=PRIVATE)
        write_durably(directory / f"{name}.crt", pem_of(signing.certificate).encode(), mode=PUBLIC)
    except OSError as error:
        raise AuthorityUnusable(f"{directory}/{name} cannot be written ({error.strerror or error})") from error


def belongs(key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> bool:
    return key.public_key() == certificate.public_key()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise AuthorityUnusable(f"{path} cannot be read ({error.strerror}): restore it") from error
