"""The cluster's authority in its folder: NAME.crt and NAME.key for each of those that it vouches for."""

from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from cluster import certificates, files
from cluster.certificates import Wish
from cluster.failure import ClusterFailed

_SECRET = 0o600
_RSA_BITS = 2048


class Authority:
    """Made once; what it has issued is kept as long as it is what is wished for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        key, certificate = self._key("ca"), self._certificate("ca")
        if key is None or certificate is None or certificate.public_key() != key.public_key():
            key = self._new_key("ca")
            certificate = certificates.root("kubernetes", key, certificates.now())
            self._write("ca", certificate)
        self._root, self._root_key = certificate, key

    def grant(self, name: str, wish: Wish) -> None:
        """Sees to it that NAME.crt and NAME.key are there."""
        now = certificates.now()
        key, certificate = self._key(name), self._certificate(name)
        if (
            key is None
            or certificate is None
            or certificate.public_key() != key.public_key()
            or not certificates.grants(certificate, wish, self._root, now)
        ):
            key = self._new_key(name)
            self._write(name, certificates.issue(wish, key.public_key(), self._root, self._root_key, now))

    def token_key(self) -> None:
        """Sees to it that sa.key and sa.pub are there, by which tokens of service accounts are signed and known.

        RSA, because RS256 is the signature that every reader of such tokens knows.
        """
        private, public = self._folder / "sa.key", self._folder / "sa.pub"
        if public.exists():
            return
        key = rsa.generate_private_key(public_exponent=65537, key_size=_RSA_BITS)
        files.write(private, _pem(key), _SECRET)
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        files.write(public, key.public_key().public_bytes(serialization.Encoding.PEM, form))

    def _new_key(self, name: str) -> ec.EllipticCurvePrivateKey:
        key = certificates.new_key()
        files.write(self._folder / f"{name}.key", _pem(key), _SECRET)
        return key

    def _key(self, name: str) -> ec.EllipticCurvePrivateKey | None:
        path = self._folder / f"{name}.key"
        if not path.exists():
            return None
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ClusterFailed(f"{path} is not a key of ours. Try: python -m cluster down --wipe")
        return key

    def _certificate(self, name: str) -> x509.Certificate | None:
        path = self._folder / f"{name}.crt"
        return x509.load_pem_x509_certificate(path.read_bytes()) if path.exists() else None

    def _write(self, name: str, certificate: x509.Certificate) -> None:
        files.write(self._folder / f"{name}.crt", certificate.public_bytes(serialization.Encoding.PEM))


def _pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
