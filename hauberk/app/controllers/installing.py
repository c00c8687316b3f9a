"""The installation as the injector uses it: values and roots, each in a ConfigMap, which may change."""

import asyncio
import logging

from hauberk.client.vault import Vault, VaultUnavailable
from hauberk.identity import kept
from hauberk.injector.installation import Installation, ValuesInvalid, installed, values_in
from hauberk.install.objects import CONFIG

_INTERVAL_S = 5.0

log = logging.getLogger(__name__)


class Installing:
    """`run` looks again and again; `ready` returns when there is something to inject with."""

    def __init__(self, vault: Vault, namespace: str) -> None:
        self._vault = vault
        self._namespace = namespace
        self._latest: Installation | None = None
        self._seen: tuple[str, str] | None = None
        self._said = ""
        self._ready = asyncio.Event()

    async def ready(self) -> None:
        await self._ready.wait()

    def latest(self) -> Installation:
        """To be called after `ready`."""
        if self._latest is None:
            raise RuntimeError("asked before it was ready")
        return self._latest

    async def run(self) -> None:
        """Until cancelled. What cannot be read or makes no sense leaves the last good one in force."""
        while True:
            try:
                await self._look()
                self._said = ""
            except (VaultUnavailable, ValuesInvalid) as error:
                self._say(str(error))
            await asyncio.sleep(_INTERVAL_S if self._latest else _INTERVAL_S / 10)

    async def _look(self) -> None:
        anchors = kept.bundle_in(await self._vault.read("ConfigMap", kept.BUNDLE))
        if not anchors:
            raise VaultUnavailable(f"the ConfigMap {kept.BUNDLE} has no roots yet: the identity controller makes it")
        config = await self._vault.read("ConfigMap", CONFIG) or {}
        text = (config.get("data") or {}).get("values")
        if text is None:
            raise VaultUnavailable(f"the ConfigMap {CONFIG} has no values. Try: hauberk upgrade | kubectl apply -f -")
        if self._seen == (text, anchors):
            return
        self._latest = installed(values_in(text), namespace=self._namespace, trust_anchors=anchors)
        self._seen = (text, anchors)
        self._ready.set()

    def _say(self, problem: str) -> None:
        """Log each problem once."""
        if problem != self._said:
            log.warning("what pods are given stays as it is: %s", problem)
        self._said = problem
