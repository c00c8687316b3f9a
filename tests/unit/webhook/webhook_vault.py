"""A cluster in memory that gives each version of an object once, as Kubernetes does."""

import asyncio
from base64 import b64decode
from typing import Any

from hauberk.client.vault import VaultUnavailable
from hauberk.runtime.clock import ManualClock
from hauberk.webhook.keeper import Keeper, Served

SECRET = "injector-tls"  # noqa: S105 - a name
CONFIGURATION = "injector"
KIND = "MutatingWebhookConfiguration"
SERVED = Served(
    names=("injector.hauberk.svc", "injector.hauberk.svc.cluster.local"),
    secret=SECRET,
    kind="MutatingWebhookConfiguration",
    configuration=CONFIGURATION,
)


class Memory:
    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], dict[str, Any]] = {}
        self.writes: list[str] = []
        self.away = False
        self.refused = asyncio.Event()
        self.put({"kind": KIND, "metadata": {"name": CONFIGURATION}, "webhooks": [{"name": "a", "clientConfig": {}}]})

    def put(self, document: dict[str, Any]) -> None:
        key = (document["kind"], document["metadata"]["name"])
        self.objects[key] = {
            **document,
            "metadata": {**document["metadata"], "resourceVersion": f"p{len(self.writes)}"},
        }

    async def read(self, kind: str, name: str) -> dict[str, Any] | None:
        await asyncio.sleep(0)
        if self.away:
            self.refused.set()
            raise VaultUnavailable("the cluster is away")
        return self.objects.get((kind, name))

    async def write(self, document: dict[str, Any]) -> bool:
        await asyncio.sleep(0)
        key = (document["kind"], document["metadata"]["name"])
        current = self.objects.get(key)
        if document["metadata"].get("resourceVersion") != (current and current["metadata"]["resourceVersion"]):
            return False
        self.writes.append(key[0])
        metadata = {**document["metadata"], "resourceVersion": str(len(self.writes))}
        self.objects[key] = {**document, "metadata": metadata}
        return True

    @property
    def bundle(self) -> str:
        (webhook,) = self.objects[KIND, CONFIGURATION]["webhooks"]
        return b64decode(webhook["clientConfig"].get("caBundle", "")).decode()


def keeper(vault: Memory, clock: ManualClock) -> Keeper:
    return Keeper(vault, SERVED, clock=clock, labels={"a": "b"}, interval_s=0.01)
