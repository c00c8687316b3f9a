"""What only a file can suffer."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

from hauberk.model.metadata import ObjectMeta
from hauberk.model.namespace import Namespace
from hauberk.runtime.clock import ManualClock
from hauberk.store.sqlite import SqliteStore

CLOCK = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))


async def state(path: Path, *, write: str = "") -> tuple[str, int]:
    store = await SqliteStore.open(path, clock=CLOCK)
    if write:
        await store.create(Namespace(metadata=ObjectMeta(name=write)))
    found = store.identity, await store.revision()
    await store.close()
    return found


async def test_a_backup_that_is_put_back_is_another_store(tmp_path: Path) -> None:
    """Else proxies, which have seen later revisions of this one, would take all it says for outdated."""
    path = tmp_path / "mesh.db"
    before = await state(path, write="one")
    shutil.copyfile(path, tmp_path / "backup")
    assert await state(path, write="two") == (before[0], 2)
    path.rename(tmp_path / "damaged")
    shutil.copyfile(tmp_path / "backup", path)
    restored = await state(path)
    assert restored[0] != before[0]
    assert restored[1] == 1
    assert await state(path) == restored
