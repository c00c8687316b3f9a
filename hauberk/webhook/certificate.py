"""The certificate under which a webhook is served: what is kept of it, and what should be. Pure.

It is signed by an authority that signs nothing else: its key is thrown away, and the API server is told its certificate
(the caBundle of the webhook's configuration). A new pair is made in two steps, so that the API server believes in it
before anybody serves it: first it is put beside the one in use, and its authority into the bundle; once the bundle has
been known for a while, it is taken into use. The authority of the one before stays in the bundle until it expires, for
replicas that have not seen the new one.
"""

from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from hauberk.webhook.signing import Pair, made

LIFETIME = timedelta(days=365)
RENEW_AT = 0.7
_FORMER_MAX = 8
_CERTIFICATE, _KEY, _AUTHORITY = "tls.crt", "tls.key", "ca.crt"
_NEXT = "next-"
_FORMER = "former-ca.crt"

Document = dict[str, Any]


@dataclass(frozen=True)
class Kept:
    """What the Secret holds."""

    current: Pair | None = None
    next: Pair | None = None
    former: Sequence[x509.Certificate] = ()
    """Authorities of pairs that were in use before."""

    @property
    def bundle(self) -> str:
        """The authorities of all that anybody may serve, as PEM."""
        pairs = [pair.authority for pair in (self.current, self.next) if pair is not None]
        return pem_of(*dict.fromkeys([*pairs, *self.former]))


def wanted(kept: Kept, names: Sequence[str], *, now: datetime, bundle_known: bool) -> Kept:
    """Keep, prepare or take into use. What needs no change is the same object.

    The first name is the one that the API server looks for. `bundle_known`: it has had the time to read a bundle with
    all that is kept.
    """
    current, coming = kept.current, kept.next
    if coming is not None and not _fits(coming, names, now):
        coming = made(names, LIFETIME, now=now)
    if current is None or now >= current.end or names[0] not in current.names():
        # Nobody can use it, so there is nothing to be careful about.
        return _using(kept, coming or made(names, LIFETIME, now=now), now)
    if coming is not kept.next:
        return Kept(current, coming, kept.former)
    if coming is not None:
        return _using(kept, coming, now) if bundle_known else kept
    if not _fits(current, names, now) or now >= current.begin + (current.end - current.begin) * RENEW_AT:
        return Kept(current, made(names, LIFETIME, now=now), kept.former)
    return kept


def _fits(pair: Pair, names: Sequence[str], now: datetime) -> bool:
    """One that begins later was made by somebody whose clock is ahead: no reason to make another one."""
    return now < pair.end and set(names) <= pair.names()


def _using(kept: Kept, pair: Pair, now: datetime) -> Kept:
    before = [] if kept.current is None else [kept.current.authority]
    former = [authority for authority in (*before, *kept.former) if authority.not_valid_after_utc > now]
    return Kept(pair, None, tuple(former[:_FORMER_MAX]))


def kept_in(secret: Document | None) -> Kept:
    """What is missing or damaged is none: a pair is easily made anew."""
    entries = _entries(secret)
    former = tuple(_certificates(entries.get(_FORMER, b"")))
    return Kept(_pair(entries, ""), _pair(entries, _NEXT), former)


def secret_with(kept: Kept, before: Document | None, name: str, labels: Mapping[str, str]) -> Document:
    """The Secret to write; `before` is the one that it replaces."""
    entries: dict[str, bytes] = {}
    for prefix, pair in (("", kept.current), (_NEXT, kept.next)):
        if pair is not None:
            entries[prefix + _CERTIFICATE] = pem_of(pair.certificate).encode()
            entries[prefix + _KEY] = pair.key_pem
            entries[prefix + _AUTHORITY] = pem_of(pair.authority).encode()
    if kept.former:
        entries[_FORMER] = pem_of(*kept.former).encode()
    data = {key: b64encode(value).decode() for key, value in entries.items()}
    new = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "labels": dict(labels)},
        "type": "kubernetes.io/tls",
    }
    return {**(before or new), "data": data}


def configuration_with(bundle: str, before: Document) -> Document:
    """The webhook's configuration to write; the same object where each of its webhooks has this bundle."""
    encoded = b64encode(bundle.encode()).decode()
    webhooks = before.get("webhooks") or []
    if all(webhook.get("clientConfig", {}).get("caBundle") == encoded for webhook in webhooks):
        return before
    told = [{**w, "clientConfig": {**w.get("clientConfig", {}), "caBundle": encoded}} for w in webhooks]
    return {**before, "webhooks": told}


def pem_of(*certificates: x509.Certificate) -> str:
    return "".join(certificate.public_bytes(serialization.Encoding.PEM).decode() for certificate in certificates)


def _entries(secret: Document | None) -> dict[str, bytes]:
    found = {}
    for key, value in ((secret or {}).get("data") or {}).items():
        try:
            found[str(key)] = b64decode(value, validate=True)
        except (ValueError, TypeError):
            continue
    return found


def _pair(entries: Mapping[str, bytes], prefix: str) -> Pair | None:
    certificates = _certificates(entries.get(prefix + _CERTIFICATE, b""))
    authorities = _certificates(entries.get(prefix + _AUTHORITY, b""))
    key = _key(entries.get(prefix + _KEY, b""))
    if not certificates or not authorities or key is None:
        return None
    pair = Pair(certificates[0], key, authorities[0])
    return pair if pair.is_whole else None


def _certificates(pem: bytes) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError:
        return []


def _key(pem: bytes) -> ec.EllipticCurvePrivateKey | None:
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, ec.EllipticCurvePrivateKey) else None
