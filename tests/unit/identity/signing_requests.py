"""Certificate signing requests as proxies make them, and as nobody should."""

import warnings
from collections.abc import Sequence

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

WEB = "web.default.serviceaccount.identity.hauberk.cluster.local"

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def csr_for(
    *names: str, common_name: str = "", key: Key | None = None, others: Sequence[x509.GeneralName] = ()
) -> bytes:
    """DER, with these DNS names and other names."""
    attributes = []
    if common_name:
        # As proxies of another make do, without regard for the 64 characters of X.520.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            attributes.append(x509.NameAttribute(NameOID.COMMON_NAME, common_name, _validate=False))
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(attributes))
    general = [*(x509.DNSName(name) for name in names), *others]
    if general:
        builder = builder.add_extension(x509.SubjectAlternativeName(general), critical=False)
    signed = builder.sign(key or ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.DER)
