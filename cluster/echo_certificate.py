"""The certificate of the conformance suite's echo server, which signs itself: nobody verifies it."""

from pathlib import Path

from cryptography.hazmat.primitives import serialization

from cluster import certificates, files


def make(folder: Path) -> tuple[Path, Path]:
    """The certificate's file and the key's. Made once, so that the image stays the same."""
    certificate, key = folder / "echo.crt", folder / "echo.key"
    if not certificate.exists():
        made = certificates.new_key()
        form = serialization.PrivateFormat.PKCS8
        files.write(key, made.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()), 0o600)
        root = certificates.root("echo", made, certificates.now())
        files.write(certificate, root.public_bytes(serialization.Encoding.PEM))
    return certificate, key
