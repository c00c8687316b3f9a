"""When root and issuer are made, and from what: the same wherever they are kept. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509

from hauberk.identity.certificate import Signing, make_issuer, make_root, validity
from hauberk.identity.keeping import AuthorityUnusable, belongs
from hauberk.runtime.signed import is_signed_by


@dataclass(frozen=True, kw_only=True)
class Lifetimes:
    leaf: timedelta
    issuer: timedelta
    root: timedelta
    skew: timedelta
    renew_at: float
    """The part of the issuer's lifetime after which it is replaced."""


def new_root(name: str, lifetimes: Lifetimes, *, now: datetime) -> Signing:
    """`name` is that of the issuer."""
    return make_root(f"root.{name}", validity(now, lifetimes.root, skew=lifetimes.skew))


def new_issuer(name: str, root: Signing, lifetimes: Lifetimes, *, now: datetime, where: str) -> Signing:
    """Raises AuthorityUnusable if the root, which is kept at `where`, has expired."""
    end = root.certificate.not_valid_after_utc
    if now >= end:
        raise AuthorityUnusable(
            f"the root expired at {end.isoformat()}: move {where} away to get a new one, and start all workloads again"
        )
    return make_issuer(name, validity(now, lifetimes.issuer, skew=lifetimes.skew, until=end), root)


def renewal_of(issuer: x509.Certificate, root: x509.Certificate, lifetimes: Lifetimes) -> datetime:
    """When the issuer is to be replaced."""
    begin, end = issuer.not_valid_before_utc, issuer.not_valid_after_utc
    if end >= root.not_valid_after_utc:
        return end  # the root's end is nearer than that of any other issuer
    return begin + (end - begin) * lifetimes.renew_at


def fits(issuer: Signing, root: Signing) -> bool:
    """Whether the issuer has its key and was signed by this root."""
    return is_signed_by(issuer.certificate, root.certificate) and belongs(issuer.key, issuer.certificate)
