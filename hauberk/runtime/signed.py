"""Whether a certificate was signed by another one. Pure."""

from cryptography import x509
from cryptography.exceptions import InvalidSignature


def is_signed_by(below: x509.Certificate, above: x509.Certificate) -> bool:
    """Names and signature fit; how long either is valid, and what it may be used for, is not looked at."""
    try:
        below.verify_directly_issued_by(above)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True
