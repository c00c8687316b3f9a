"""What a proxy's own page says of its health. Pure."""

from dataclasses import dataclass

from hauberk.telemetry.change import Reading

CERTIFICATE_EXPIRES = (
    "control_identity_cert_expiration_timestamp_seconds",
    "identity_cert_expiration_timestamp_seconds",
)
"""The name of today, and the one that older proxies of the contract use."""
VIEW_AGE = "hauberk_view_age_seconds"
FAMILIES = frozenset({*CERTIFICATE_EXPIRES, VIEW_AGE})


@dataclass(frozen=True, slots=True)
class Health:
    """None where the proxy does not say."""

    certificate_expires_s: float | None = None
    """Seconds since the epoch."""
    view_age_s: float | None = None
    """Since the control plane confirmed last what the proxy acts on."""


def health(reading: Reading) -> Health:
    """The oldest view and the earliest end count, where a proxy has several."""
    expires = [s.value for s in reading.samples if s.series.name in CERTIFICATE_EXPIRES and s.value > 0]
    ages = [s.value for s in reading.samples if s.series.name == VIEW_AGE]
    return Health(min(expires, default=None), max(ages, default=None))
