"""Keeps root and issuer in the cluster, and what the authority reads as files.

Every replica does the same; whoever writes first wins, and the others read what it wrote. The authority itself sees
files only (`GivenIssuers`), and takes a new issuer in as soon as they change.
"""

import asyncio
import logging
from dataclasses import dataclass
from pathlib import Path

from hauberk.client.vault import Vault, VaultUnavailable
from hauberk.identity import kept
from hauberk.identity.certificate import Signing
from hauberk.identity.files import PRIVATE, PUBLIC, write_durably
from hauberk.identity.given import IssuerFiles, Where, issuer_of
from hauberk.identity.keeping import AuthorityUnusable, certificates_in, key_in
from hauberk.identity.kept import Document, Held, Material
from hauberk.identity.renewal import Lifetimes
from hauberk.identity.witness import IssuerWitness, Nobody
from hauberk.runtime.clock import Clock

INTERVAL_S = 5.0
"""Between looks at the cluster: so late at most is an issuer used that somebody replaced."""
_ATTEMPTS = 10
"""At writing while others write too."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Scheme:
    """Whose root and issuer are."""

    generated: bool
    """False: the Secret of the issuer is somebody else's."""
    external_bundle: bool
    """The ConfigMap of the roots is somebody else's, and never written."""


class Keeper:
    """`run` looks again and again; `ready` returns when there is something to sign with."""

    def __init__(
        self,
        vault: Vault,
        scheme: Scheme,
        directory: Path,
        *,
        name: str,
        lifetimes: Lifetimes,
        clock: Clock,
        labels: dict[str, str],
        witness: IssuerWitness | None = None,
        interval_s: float = INTERVAL_S,
    ) -> None:
        """`name` is the issuer's."""
        self._vault = vault
        self._scheme = scheme
        self._directory = directory
        self._name = name
        self._lifetimes = lifetimes
        self._clock = clock
        self._labels = labels
        self._witness = witness or Nobody()
        self._interval_s = interval_s
        self._material: Material | None = None
        self._said = ""
        self._ready = asyncio.Event()

    @property
    def files(self) -> IssuerFiles:
        return IssuerFiles(
            self._directory / "anchors.crt", self._directory / "issuer.crt", self._directory / "issuer.key"
        )

    async def ready(self) -> None:
        await self._ready.wait()

    async def run(self) -> None:
        """Until cancelled. What cannot be read or makes no sense leaves the last good one in force."""
        while True:
            try:
                self._use(await self.look())
                self._said = ""
            except (VaultUnavailable, AuthorityUnusable) as error:
                self._say(str(error))
            await asyncio.sleep(self._interval_s)

    async def look(self) -> Material:
        """What is to be signed with, made if need be. Raises VaultUnavailable and AuthorityUnusable."""
        for _ in range(_ATTEMPTS):
            material = await (self._generated() if self._scheme.generated else self._given())
            if material is not None:
                return material
        raise VaultUnavailable("root and issuer are being written by somebody else all the time")

    async def _generated(self) -> Material | None:
        """None: somebody else wrote meanwhile."""
        root, issuer = await self._vault.read("Secret", kept.ROOT), await self._vault.read("Secret", kept.ISSUER)
        bundle = await self._vault.read("ConfigMap", kept.BUNDLE)
        held = Held(kept.signing_in(root), self._issuer_in(issuer), kept.bundle_in(bundle))
        wanted = kept.generated(held, self._name, self._lifetimes, now=self._clock.now())
        # The root first and the issuer last: whatever is found later has what it depends on.
        if wanted.root is not held.root and not await self._write_secret(wanted.root, root, kept.ROOT):
            return None
        if not await self._write_bundle(wanted.anchors, held.anchors, bundle):
            return None
        if wanted.issuer is not held.issuer and not await self._write_secret(wanted.issuer, issuer, kept.ISSUER):
            return None
        return wanted.material

    async def _given(self) -> Material | None:
        issuer, bundle = await self._vault.read("Secret", kept.ISSUER), await self._vault.read("ConfigMap", kept.BUNDLE)
        held = kept.bundle_in(bundle)
        material = kept.given(issuer, held)
        self._see_that_it_signs(material)
        return material if await self._write_bundle(material.anchors, held, bundle) else None

    def _see_that_it_signs(self, material: Material) -> None:
        """Raises AuthorityUnusable for what the authority would not take, or would take in vain."""
        where = f"the Secret {kept.ISSUER}"
        names = Where(f"the ConfigMap {kept.BUNDLE}", where, f"the key in {where}")
        anchors = certificates_in(material.anchors.encode(), names.trust_anchors)
        chain = certificates_in(material.chain.encode(), where)
        issuer = issuer_of(anchors, chain, key_in(material.key, names.key), names)
        if self._material is not None and self._clock.now() >= issuer.until:
            raise AuthorityUnusable(f"the issuer in {where} expired at {issuer.until.isoformat()}: renew it")

    def _issuer_in(self, secret: Document | None) -> Signing | None:
        """An issuer is easily made anew: a damaged one is none."""
        try:
            return kept.signing_in(secret)
        except AuthorityUnusable as error:
            log.warning("the issuer is replaced: %s", error)
            return None

    async def _write_secret(self, signing: Signing, before: Document | None, name: str) -> bool:
        until = signing.certificate.not_valid_after_utc
        if not await self._vault.write(kept.secret_with(signing, before, name, self._labels)):
            return False
        log.info("new %s until %s", name, until.isoformat())
        self._witness.made(name, until)
        return True

    async def _write_bundle(self, anchors: str, held: str, before: Document | None) -> bool:
        if anchors == held:
            return True
        if self._scheme.external_bundle:
            raise AuthorityUnusable(f"the ConfigMap {kept.BUNDLE} is to be made by somebody else and lacks the root")
        return await self._vault.write(kept.config_map_with(anchors, before, self._labels))

    def _use(self, material: Material) -> None:
        if material == self._material:
            return
        files = self.files
        write_durably(files.trust_anchors, material.anchors.encode(), mode=PUBLIC)
        write_durably(files.key, material.key, mode=PRIVATE)
        write_durably(files.certificate, material.chain.encode(), mode=PUBLIC)
        before, self._material = self._material, material
        self._ready.set()
        if before is not None and material.chain != before.chain:
            log.info("another issuer is in force")
            self._witness.issuer_replaced()
        if before is not None and material.anchors != before.anchors:
            log.info("the roots are others")
            self._witness.roots_replaced()

    def _say(self, problem: str) -> None:
        """Log each problem once."""
        if problem != self._said:
            log.error("root and issuer stay as they are: %s", problem)
            self._witness.skipped(problem)
        self._said = problem
