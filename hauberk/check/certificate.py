"""Certificates as people ask about them. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509

SOON = timedelta(days=60)
"""Linkerd's warning time before the end of roots and issuers."""


class NotACertificate(Exception):
    """The bytes are no certificate that can be read."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What is written in an X.509 certificate (RFC 5280)."""

    subject: str
    issuer: str
    serial: int
    not_before: datetime
    not_after: datetime
    dns_names: tuple[str, ...]
    uris: tuple[str, ...]
    key: str

    def valid_at(self, now: datetime) -> bool:
        return self.not_before <= now <= self.not_after


def day(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M UTC")


def validity(begin: datetime, end: datetime) -> str:
    return f"valid from {day(begin)} to {day(end)}"


def from_pem(text: str) -> list[Certificate]:
    """All certificates of a file. Raises NotACertificate."""
    try:
        return [_certificate(found) for found in x509.load_pem_x509_certificates(text.encode())]
    except ValueError as error:
        raise NotACertificate(str(error)) from None


def from_der(der: bytes) -> Certificate:
    """Raises NotACertificate."""
    try:
        return _certificate(x509.load_der_x509_certificate(der))
    except ValueError as error:
        raise NotACertificate(str(error)) from None


def _certificate(found: x509.Certificate) -> Certificate:
    try:
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        dns_names = tuple(names.get_values_for_type(x509.DNSName))
        uris = tuple(names.get_values_for_type(x509.UniformResourceIdentifier))
    except x509.ExtensionNotFound:
        dns_names, uris = (), ()
    key = found.public_key()
    curve = getattr(getattr(key, "curve", None), "name", None)
    return Certificate(
        subject=found.subject.rfc4514_string(),
        issuer=found.issuer.rfc4514_string(),
        serial=found.serial_number,
        not_before=found.not_valid_before_utc,
        not_after=found.not_valid_after_utc,
        dns_names=dns_names,
        uris=uris,
        key=curve or type(key).__name__.removesuffix("PublicKey").lstrip("_"),
    )
