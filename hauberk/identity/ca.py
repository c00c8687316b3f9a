"""The certificate authority: a root and an issuer, made here or given by files, and the leaves it signs."""

import logging
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from hauberk.identity.certificate import Signing, make_leaf, validity
from hauberk.identity.csr import CsrInvalid, public_key_of
from hauberk.identity.keeping import AuthorityUnusable, belongs, keep, pem_of, read_certificates, read_own_key
from hauberk.identity.protocol import Answer, Declined, Describe, Described, Question, Sign, Signed, Unable
from hauberk.identity.renewal import Lifetimes, fits, new_issuer, new_root, renewal_of

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Issuer:
    """Who signs leaves, and how its certificate leads to a root."""

    signing: Signing
    chain: tuple[x509.Certificate, ...]
    """From the issuer's own certificate upwards, without the root."""
    since: datetime
    until: datetime


class Issuers(Protocol):
    """Where the issuer comes from."""

    def current(self, now: datetime) -> Issuer:
        """Return the issuer to sign with now. Raises AuthorityUnusable."""
        ...

    def anchors(self) -> str:
        """Return the roots to trust, as PEM. Raises AuthorityUnusable."""
        ...


class OwnIssuers:
    """A root made at the first start, and an issuer that is replaced in time; both kept in one directory."""

    def __init__(self, directory: Path, name: str, lifetimes: Lifetimes, *, now: datetime) -> None:
        """`name` is the common name of the issuer. Raises AuthorityUnusable."""
        self._directory = directory
        self._name = name
        self._lifetimes = lifetimes
        self._root = self._kept_root() or self._new_root(now)
        self._issuer = self._kept_issuer()

    def current(self, now: datetime) -> Issuer:
        if self._issuer is None or now >= self._renewal(self._issuer.certificate):
            try:
                self._issuer = self._new_issuer(now)
            except AuthorityUnusable as error:
                if self._issuer is None or now >= self._issuer.certificate.not_valid_after_utc:
                    raise
                log.error("the issuer is due to be replaced and cannot be: %s", error)  # noqa: TRY400 - says it all
        certificate = self._issuer.certificate
        return Issuer(self._issuer, (certificate,), certificate.not_valid_before_utc, certificate.not_valid_after_utc)

    def anchors(self) -> str:
        return pem_of(self._root.certificate)

    def _kept_root(self) -> Signing | None:
        certificate = self._directory / "root.crt"
        if not certificate.exists():
            return None
        key = self._directory / "root.key"
        signing = Signing(read_certificates(certificate)[0], read_own_key(key))
        if not belongs(signing.key, signing.certificate):
            raise AuthorityUnusable(f"{key} is not the key of {certificate}: restore both from one backup")
        return signing

    def _kept_issuer(self) -> Signing | None:
        """None where there is none that fits: an issuer is easily made anew, under the same root."""
        if not (self._directory / "issuer.crt").exists():
            return None
        try:
            certificate = read_certificates(self._directory / "issuer.crt")[0]
            signing = Signing(certificate, read_own_key(self._directory / "issuer.key"))
        except AuthorityUnusable as error:
            log.warning("the issuer in %s is replaced: %s", self._directory, error)
            return None
        if not fits(signing, self._root):
            log.warning("the issuer in %s is replaced: another root or another key belongs to it", self._directory)
            return None
        return signing

    def _new_root(self, now: datetime) -> Signing:
        root = new_root(self._name, self._lifetimes, now=now)
        keep(root, self._directory, "root")
        log.info("new root until %s", root.certificate.not_valid_after_utc.isoformat())
        return root

    def _new_issuer(self, now: datetime) -> Signing:
        issuer = new_issuer(self._name, self._root, self._lifetimes, now=now, where=str(self._directory))
        keep(issuer, self._directory, "issuer")
        log.info("new issuer until %s", issuer.certificate.not_valid_after_utc.isoformat())
        return issuer

    def _renewal(self, certificate: x509.Certificate) -> datetime:
        return renewal_of(certificate, self._root.certificate, self._lifetimes)


class CertificateAuthority:
    """Answers questions. Not shared between threads."""

    def __init__(self, issuers: Issuers, lifetimes: Lifetimes) -> None:
        self._issuers = issuers
        self._lifetimes = lifetimes

    def answer(self, question: Question, *, now: datetime) -> Answer:
        try:
            issuer = self._issuers.current(now)
            match question:
                case Describe():
                    return Described(
                        trust_anchors=self._issuers.anchors(), issuer_since=issuer.since, issuer_until=issuer.until
                    )
                case Sign():
                    return self._sign(question, issuer, now)
        except AuthorityUnusable as error:
            return Unable(str(error))

    def _sign(self, question: Sign, issuer: Issuer, now: datetime) -> Answer:
        if now >= issuer.until:
            return Unable(f"the issuer expired at {issuer.until.isoformat()}: give the control plane another one")
        try:
            key = public_key_of(question.csr, identity=question.identity)
        except CsrInvalid as error:
            return Declined(str(error))
        valid = validity(now, self._lifetimes.leaf, skew=self._lifetimes.skew, until=issuer.until)
        leaf = make_leaf(key, identity=question.identity, spiffe=question.spiffe, valid=valid, issuer=issuer.signing)
        return Signed(
            leaf=leaf.public_bytes(serialization.Encoding.DER),
            intermediates=tuple(c.public_bytes(serialization.Encoding.DER) for c in issuer.chain),
            valid_until=valid.end,
        )
