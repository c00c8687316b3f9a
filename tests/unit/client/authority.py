"""Certificates and keys in PEM."""

from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)

from cluster import certificates
from cluster.certificates import Wish


class Authority:
    def __init__(self) -> None:
        self._key = certificates.new_key()
        self._root = certificates.root("test", self._key, certificates.now())

    @property
    def pem(self) -> bytes:
        return self._root.public_bytes(Encoding.PEM)

    def pair(self, name: str, *, password: bytes = b"") -> tuple[bytes, bytes]:
        """A certificate and its key."""
        key = certificates.new_key()
        issued = certificates.issue(Wish(name), key.public_key(), self._root, self._key, certificates.now())
        protection: KeySerializationEncryption = BestAvailableEncryption(password) if password else NoEncryption()
        return issued.public_bytes(Encoding.PEM), key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection)
