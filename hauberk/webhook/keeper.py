"""Keeps the certificate of a webhook in the cluster, tells the API server of its authority, and serves it.

Every replica does the same; whoever writes first wins, and the others read what it wrote.
"""

import asyncio
import logging
import os
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from hauberk.client.vault import Document, Vault, VaultUnavailable
from hauberk.runtime.clock import Clock
from hauberk.webhook.certificate import Kept, configuration_with, kept_in, pem_of, secret_with, wanted
from hauberk.webhook.signing import Pair

INTERVAL_S = 10.0
"""Between looks at the cluster."""
SETTLE_S = 60.0
"""So long a bundle has to be there before every API server is taken to know it."""
_ATTEMPTS = 10
"""At writing while others write too."""

log = logging.getLogger(__name__)

Configuration = Literal["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"]


@dataclass(frozen=True, kw_only=True)
class Served:
    """Whose certificate it is."""

    names: Sequence[str]
    """Of the Service in DNS; the first is SERVICE.NAMESPACE.svc, which the API server looks for."""
    secret: str
    kind: Configuration
    configuration: str


class Keeper:
    """`run` looks again and again; `ready` returns when the API server can trust what is served."""

    def __init__(
        self,
        vault: Vault,
        served: Served,
        *,
        clock: Clock,
        labels: dict[str, str],
        interval_s: float = INTERVAL_S,
        settle_s: float = SETTLE_S,
    ) -> None:
        self.context = _context()
        """New connections get the certificate that is in use; those that are open stay."""
        self._vault = vault
        self._served = served
        self._clock = clock
        self._labels = labels
        self._interval_s = interval_s
        self._settle_s = settle_s
        self._pair: Pair | None = None
        self._told = ""
        self._told_at = 0.0
        self._said = ""
        self._ready = asyncio.Event()

    async def ready(self) -> None:
        await self._ready.wait()

    async def run(self) -> None:
        """Until cancelled. While the cluster cannot be asked the last certificate is served."""
        while True:
            try:
                await self.look()
                self._said = ""
            except VaultUnavailable as error:
                self._say(str(error))
            await asyncio.sleep(self._interval_s)

    async def look(self) -> None:
        """See to it that the certificate, the bundle and what is served are as they should. Raises VaultUnavailable."""
        for _ in range(_ATTEMPTS):
            if await self._agreed():
                return
        raise VaultUnavailable("the certificate is being written by somebody else all the time")

    async def _agreed(self) -> bool:
        """False: somebody else wrote meanwhile."""
        secret = await self._vault.read("Secret", self._served.secret)
        configuration = await self._vault.read(self._served.kind, self._served.configuration)
        held = kept_in(secret)
        # A Secret that was lost or damaged becomes again what is served: the API server knows that.
        kept = held if held.current is not None else replace(held, current=self._pair)
        known = self._is_known(kept, configuration)
        now = self._clock.now()
        target = wanted(kept, self._served.names, now=now, bundle_known=known)
        if target is not held and not await self._vault.write(
            secret_with(target, secret, self._served.secret, self._labels)
        ):
            return False
        if configuration is None:
            raise VaultUnavailable(f"there is no {self._served.kind} {self._served.configuration}: install it again")
        told = configuration_with(target.bundle, configuration)
        if told is not configuration and not await self._vault.write(told):
            return False
        if target.current is not None:
            self._serve(target.current)
        return True

    def _is_known(self, kept: Kept, configuration: Document | None) -> bool:
        """Whether the bundle has been there for a while, as far as this replica saw."""
        if configuration is None or configuration_with(kept.bundle, configuration) is not configuration:
            self._told = ""
            return False
        if self._told != kept.bundle:
            self._told, self._told_at = kept.bundle, self._clock.monotonic()
        return self._clock.monotonic() - self._told_at >= self._settle_s

    def _serve(self, pair: Pair) -> None:
        if self._pair is None or pair.certificate != self._pair.certificate:
            _load(self.context, pair)
            self._pair = pair
            log.info("the webhook's certificate is another one, until %s", pair.end.isoformat())
        self._ready.set()

    def _say(self, problem: str) -> None:
        """Log each problem once."""
        if problem != self._said:
            log.error("the webhook's certificate stays as it is: %s", problem)
        self._said = problem


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.set_alpn_protocols(["http/1.1"])
    return context


def _load(context: ssl.SSLContext, pair: Pair) -> None:
    """By a file in memory only (memfd_create(2)): ssl takes nothing but files, and the key belongs on no disk."""
    descriptor = os.memfd_create("certificate", os.MFD_CLOEXEC)
    try:
        with os.fdopen(os.dup(descriptor), "wb") as file:
            file.write(pem_of(pair.certificate).encode() + pair.key_pem)
        context.load_cert_chain(f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)
