"""An issuer of one's own, given by files, which are read again when they change."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from hauberk.identity.ca import Issuer
from hauberk.identity.certificate import Signing
from hauberk.identity.keeping import AuthorityUnusable, belongs, pem_of, read_certificates, read_key
from hauberk.runtime.signed import is_signed_by

log = logging.getLogger(__name__)

_CHAIN_MAX = 8


@dataclass(frozen=True)
class IssuerFiles:
    """PEM. The file of the issuer's certificate may go on with those between it and the root."""

    trust_anchors: Path
    certificate: Path
    key: Path


class GivenIssuers:
    """Whoever gives the files replaces the issuer in time; what does not fit together leaves the last good one."""

    def __init__(self, files: IssuerFiles) -> None:
        """Raises AuthorityUnusable."""
        self._files = files
        self._seen = self._stamps()
        self._issuer, self._anchors = _loaded(files)

    def current(self, now: datetime) -> Issuer:
        del now
        stamps = self._stamps()
        if stamps != self._seen:
            self._seen = stamps
            try:
                self._issuer, self._anchors = _loaded(self._files)
            except AuthorityUnusable as error:
                log.error("the issuer stays the old one: %s", error)  # noqa: TRY400 - says it all
            else:
                log.info("issuer read anew, until %s", self._issuer.until.isoformat())
        return self._issuer

    def anchors(self) -> str:
        return self._anchors

    def _stamps(self) -> tuple[tuple[int, int] | None, ...]:
        """What tells a replaced file from the old one."""
        stamps: list[tuple[int, int] | None] = []
        for path in (self._files.trust_anchors, self._files.certificate, self._files.key):
            try:
                info = path.stat()
            except OSError:
                stamps.append(None)
            else:
                stamps.append((info.st_ino, info.st_mtime_ns))
        return tuple(stamps)


def _loaded(files: IssuerFiles) -> tuple[Issuer, str]:
    anchors = read_certificates(files.trust_anchors)
    signing, chain = read_key(files.key), read_certificates(files.certificate)
    where = Where(str(files.trust_anchors), str(files.certificate), str(files.key))
    return issuer_of(anchors, chain, signing, where), pem_of(*anchors)


@dataclass(frozen=True)
class Where:
    """What messages call the three."""

    trust_anchors: str
    certificate: str
    key: str


def issuer_of(
    anchors: Sequence[x509.Certificate],
    certificates: Sequence[x509.Certificate],
    key: ec.EllipticCurvePrivateKey,
    where: Where,
) -> Issuer:
    """The issuer that these make, if they fit together. Pure. Raises AuthorityUnusable."""
    chain = tuple(certificates[:_CHAIN_MAX])
    if not belongs(key, chain[0]):
        raise AuthorityUnusable(f"{where.key} is not the key of {where.certificate}: give both of one issuer")
    for certificate in chain:
        if not _signs(certificate):
            raise AuthorityUnusable(f"{where.certificate} may not sign certificates: it needs CA:true")
    for below, above in pairwise(chain):
        if not is_signed_by(below, above):
            raise AuthorityUnusable(f"{where.certificate} is out of order: each certificate has to sign the one before")
    if not any(chain[-1] == anchor or is_signed_by(chain[-1], anchor) for anchor in anchors):
        raise AuthorityUnusable(f"{where.certificate} does not lead to a root in {where.trust_anchors}")
    begin = max(certificate.not_valid_before_utc for certificate in chain)
    return Issuer(Signing(chain[0], key), chain, begin, min(of.not_valid_after_utc for of in chain))


def _signs(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, ValueError):
        return False
