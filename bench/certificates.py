"""A small authority for the planes that bring none: one root, one certificate for each side."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

CLIENT = "client.bench.test"
SERVER = "server.bench.test"
_LIFETIME = timedelta(days=1)


def write(folder: Path, uid: int) -> None:
    """Makes `folder/NAME/{roots,chain,key}.pem` for both sides, readable by `uid`: P-256, as in the mesh."""
    root_key = ec.generate_private_key(ec.SECP256R1())
    root_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bench")])
    root = (
        _builder(root_name, root_name, root_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(root_key, hashes.SHA256())
    )
    for name in (CLIENT, SERVER):
        key = ec.generate_private_key(ec.SECP256R1())
        chain = (
            _builder(x509.Name([]), root_name, key.public_key())
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=True)
            .sign(root_key, hashes.SHA256())
        )
        secret = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        side = folder / name
        side.mkdir(parents=True)
        (side / "roots.pem").write_bytes(root.public_bytes(serialization.Encoding.PEM))
        (side / "chain.pem").write_bytes(chain.public_bytes(serialization.Encoding.PEM))
        (side / "key.pem").touch(0o600)
        (side / "key.pem").write_bytes(secret)
        os.chown(side / "key.pem", uid, uid)


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _LIFETIME)
        .not_valid_after(now + _LIFETIME)
    )
