"""Certificate signing requests (PKCS#10), by the rules of Linkerd's identity service. Pure.

Exactly one name, the identity, as a DNS name; a common name, if there is one, is the same; the key is on P-256, because
the proxies of this contract sign with nothing else.
"""

import warnings

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

MAX_BYTES = 8192


class CsrInvalid(Exception):
    """The request breaks a rule; the message says which."""


def public_key_of(der: bytes, *, identity: str) -> ec.EllipticCurvePublicKey:
    """Return the key that is to be certified for `identity`; raises CsrInvalid."""
    if not der or len(der) > MAX_BYTES:
        raise CsrInvalid(f"a certificate signing request has 1 to {MAX_BYTES} bytes, and this one {len(der)}")
    try:
        # Proxies write the identity, often longer than the 64 characters of X.520, into the common name.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _checked(x509.load_der_x509_csr(der), identity)
    except (ValueError, UnsupportedAlgorithm, InvalidSignature, x509.DuplicateExtension) as error:
        raise CsrInvalid("the certificate signing request is not PKCS#10 in DER with a valid signature") from error


def _checked(csr: x509.CertificateSigningRequest, identity: str) -> ec.EllipticCurvePublicKey:
    key = csr.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise CsrInvalid("the key is not an ECDSA key on P-256")
    if not csr.is_signature_valid:
        raise CsrInvalid("the certificate signing request is not signed by its key")
    try:
        names = list(csr.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    except x509.ExtensionNotFound:
        names = []
    if len(names) != 1 or not isinstance(names[0], x509.DNSName) or names[0].value != identity:
        raise CsrInvalid(f"the only name in the certificate signing request has to be the DNS name {identity}")
    for attribute in csr.subject.get_attributes_for_oid(NameOID.COMMON_NAME):
        if attribute.value not in ("", identity):
            raise CsrInvalid(f"the common name in the certificate signing request has to be empty or {identity}")
    return key
