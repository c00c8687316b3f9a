"""TLS by hand: certificates that an authority would and would not give, and clients that show them."""

import socket
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

CONTROL_PLANE = "linkerd-destination.hauberk.serviceaccount.identity.hauberk.cluster.local"
HOUR = timedelta(hours=1)


def identity(account: str) -> str:
    return f"{account}.default.serviceaccount.identity.hauberk.cluster.local"


@dataclass(frozen=True)
class Authority:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    chain: bytes
    """Whatever clients are shown beside a leaf, as PEM."""


def mesh_issuer(state: Path) -> Authority:
    """The mesh's own, as who has its key would use it."""
    pem = (state / "authority" / "issuer.crt").read_bytes()
    key = serialization.load_pem_private_key((state / "authority" / "issuer.key").read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return Authority(x509.load_pem_x509_certificate(pem), key, pem)


def foreign_issuer() -> Authority:
    """One that nobody in the mesh trusts; it has the same name."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "root.hauberk.cluster.local")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - HOUR, now + HOUR)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return Authority(certificate, key, certificate.public_bytes(serialization.Encoding.PEM))


def leaf(issuer: Authority, name: str, file: Path, *, until: datetime | None = None) -> Path:
    """A certificate for the name with its key, in a file as `ssl` reads it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "leaf")])
    end = until or datetime.now(UTC) + HOUR
    signed = (
        x509.CertificateBuilder(
            issuer.certificate.subject, subject, key.public_key(), x509.random_serial_number(), end - 2 * HOUR, end
        )
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(issuer.key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(secret + signed.public_bytes(serialization.Encoding.PEM) + issuer.chain)
    return file


def client(credentials: Path | None, *alpn: str) -> ssl.SSLContext:
    """A client that trusts everybody: what is tested is whom the mesh trusts."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if credentials is not None:
        context.load_cert_chain(credentials)
    if alpn:
        context.set_alpn_protocols(alpn)
    return context


def shake_hands(address: tuple[str, int], context: ssl.SSLContext, name: str) -> ssl.SSLSocket:
    """A TLS connection. Raises OSError, of which ssl.SSLError is one."""
    plain = socket.create_connection(address, 10)
    try:
        return context.wrap_socket(plain, server_hostname=name)
    except BaseException:
        plain.close()
        raise


def shown_by(address: tuple[str, int], name: str) -> x509.Certificate:
    """The certificate with which whoever is there proves to be `name`."""
    with shake_hands(address, client(None), name) as connection:
        der = connection.getpeercert(binary_form=True)
    assert der is not None
    return x509.load_der_x509_certificate(der)


def names(certificate: x509.Certificate) -> list[str]:
    """The DNS names, in their order."""
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return found.get_values_for_type(x509.DNSName)


def spiffe_ids(certificate: x509.Certificate) -> list[str]:
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return found.get_values_for_type(x509.UniformResourceIdentifier)
