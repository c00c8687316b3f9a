"""A store that is damaged while the control plane runs: whoever writes is told, and what to do."""

import os
from pathlib import Path
from typing import Any

import pytest
from machine import Machine

import hauberk.app.up as of_up
from hauberk.client.errors import ApiError
from hauberk.config.load import load
from hauberk.model.kinds import kind_named
from hauberk.store.protocol import StoreCorrupt

NAMESPACE = kind_named("", "Namespace")
MORE_THAN_IS_CACHED = 60


async def test_whoever_writes_is_told_the_way_back(root: Path) -> None:
    machine = Machine(root)
    names = [f"n{number}" for number in range(MORE_THAN_IS_CACHED)]
    async with machine.up(), machine.client() as client:
        for name in names:
            large = {"name": name, "annotations": {"text": "x" * 100_000}}
            await client.create(NAMESPACE, {"apiVersion": "v1", "kind": "Namespace", "metadata": large})
        for file in ("mesh.db", "mesh.db-wal"):
            path = machine.state / file
            with path.open("r+b") as opened:
                opened.write(os.urandom(path.stat().st_size))
        refused = [error for name in names if (error := await deletion_error(client, name))]
        assert refused
        assert "put a copy of the file in its place" in refused[0]
    assert "Traceback" not in machine.said()


async def deletion_error(client: Any, name: str) -> str:
    try:
        await client.delete(NAMESPACE, name)
    except ApiError as error:
        return str(error)
    return ""


async def test_a_part_that_meets_damage_ends_the_control_plane_with_the_way_back(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def live(*_: object) -> None:
        raise StoreCorrupt("/state/mesh.db", "malformed", "put a copy in its place")

    monkeypatch.setattr(of_up, "_live", live)
    monkeypatch.setattr(of_up.logs, "begin", lambda _: None)
    settings = load({"HAUBERK_STATE_DIR": str(root), "HAUBERK_RUNTIME_DIR": str(root)}, {}, uid=1000)
    assert await of_up.up(settings, announce=print) == 1
    assert "error: the store /state/mesh.db is damaged (malformed)\nhint: put a copy" in capsys.readouterr().err
