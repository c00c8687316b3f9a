"""Certificates, keys and tokens of one API server."""

from ipaddress import ip_address
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from cluster import certificates
from cluster.certificates import Wish

ADMIN_TOKEN = "token-of-the-administrator"  # noqa: S105 - of a server that lives as long as a test
USERS = {"narrow": "token-of-narrow", "nobody": "token-of-nobody"}
"""Who is known by a token, besides the administrator. They may do what a test binds to them."""


class Keys:
    """Files in a directory; made once."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._key = certificates.new_key()
        self._root = certificates.root("apikit", self._key, certificates.now())
        directory.mkdir(parents=True)
        self.authority.write_bytes(self._root.public_bytes(serialization.Encoding.PEM))
        server = Wish("kube-apiserver", dns=("localhost",), ips=(ip_address("127.0.0.1"),), server=True)
        self._issue("server", server)
        self._issue("admin", Wish("admin", organization="system:masters"))
        self._write_key("accounts", certificates.new_key())
        lines = [
            f"{ADMIN_TOKEN},admin,admin,system:masters",
            *(f"{token},{name},{name}" for name, token in USERS.items()),
        ]
        self.tokens.write_text("".join(f"{line}\n" for line in lines))

    @property
    def authority(self) -> Path:
        return self.directory / "ca.crt"

    @property
    def tokens(self) -> Path:
        return self.directory / "tokens.csv"

    def certificate(self, name: str) -> Path:
        return self.directory / f"{name}.crt"

    def key(self, name: str) -> Path:
        return self.directory / f"{name}.key"

    def _issue(self, name: str, wish: Wish) -> None:
        key = certificates.new_key()
        issued = certificates.issue(wish, key.public_key(), self._root, self._key, certificates.now())
        self.certificate(name).write_bytes(issued.public_bytes(serialization.Encoding.PEM))
        self._write_key(name, key)

    def _write_key(self, name: str, key: ec.EllipticCurvePrivateKey) -> None:
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        self.key(name).touch(mode=0o600)
        self.key(name).write_bytes(pem)
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        (self.directory / f"{name}.pub").write_bytes(public)
