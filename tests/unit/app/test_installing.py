"""What pods are given follows two ConfigMaps; what makes no sense changes nothing."""

import asyncio
from typing import Any

import pytest
from eventually import TIMEOUT_S, until

from hauberk.app.controllers import installing
from hauberk.app.controllers.installing import Installing
from hauberk.client.vault import VaultUnavailable


class Objects:
    """A cluster of two ConfigMaps."""

    def __init__(self) -> None:
        self.data: dict[str, dict[str, str]] = {"linkerd-identity-trust-roots": {"ca-bundle.crt": "roots"}}
        self.away = False

    async def read(self, kind: str, name: str) -> dict[str, Any] | None:
        assert kind == "ConfigMap"
        if self.away:
            raise VaultUnavailable("nobody answers")
        return {"data": self.data[name]} if name in self.data else None

    async def write(self, document: dict[str, Any]) -> bool:
        raise AssertionError(f"the injector writes {document}")


@pytest.fixture
def objects() -> Objects:
    return Objects()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installing, "_INTERVAL_S", 0.01)


async def test_values_and_roots_are_followed(objects: Objects, caplog: pytest.LogCaptureFixture) -> None:
    subject = Installing(objects, "mesh")
    async with asyncio.TaskGroup() as group:
        running = group.create_task(subject.run())
        await until(lambda: "has no values" in caplog.text)
        objects.data["linkerd-config"] = {"values": "proxy: {uid: 3000}"}
        await asyncio.wait_for(subject.ready(), TIMEOUT_S)
        assert (subject.latest().values.proxy.uid, subject.latest().trust_anchors) == (3000, "roots")
        objects.data["linkerd-config"] = {"values": "proxy: {uid: 4000}"}
        await until(lambda: subject.latest().values.proxy.uid == 4000)
        objects.data["linkerd-identity-trust-roots"] = {"ca-bundle.crt": "others"}
        await until(lambda: subject.latest().trust_anchors == "others")
        running.cancel()


@pytest.mark.parametrize("text", ["proxy: {uid: nobody}", "unknown: 1", "proxy: {", None])
async def test_nonsense_leaves_what_was_in_force(
    objects: Objects, text: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    objects.data["linkerd-config"] = {"values": "proxy: {uid: 3000}"}
    subject = Installing(objects, "mesh")
    async with asyncio.TaskGroup() as group:
        running = group.create_task(subject.run())
        await asyncio.wait_for(subject.ready(), TIMEOUT_S)
        objects.data["linkerd-config"] = {} if text is None else {"values": text}
        await until(lambda: "stays as it is" in caplog.text)
        objects.away = True
        await until(lambda: "nobody answers" in caplog.text)
        assert subject.latest().values.proxy.uid == 3000
        running.cancel()
