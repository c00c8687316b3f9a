"""What is opened at the start and let go in the end; whatever is wrong with it is StartFailed."""

import asyncio
import socket
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from hauberk.apiserver.listen import SocketUnusable, listen
from hauberk.apiserver.namespaces import Namespaces
from hauberk.app.failure import StartFailed
from hauberk.identity.tokens import KeyUnusable, key_at
from hauberk.runtime.clock import Clock
from hauberk.runtime.tasks import spawn
from hauberk.store.protocol import Store, StoreCorrupt, StoreUnavailable
from hauberk.store.sqlite import SqliteStore


@asynccontextmanager
async def opened(path: Path, clock: Clock) -> AsyncIterator[Store]:
    """The store, which nobody else has open. Raises StartFailed."""
    try:
        store = await SqliteStore.open(path, clock=clock)
    except StoreUnavailable as error:
        raise StartFailed(error.why, hint=error.hint) from error
    except StoreCorrupt as error:
        raise StartFailed(f"the store {path} is damaged ({error.why})", hint=error.hint) from error
    try:
        yield store
    finally:
        await store.close()


def token_key(path: Path) -> bytes:
    try:
        return key_at(path)
    except KeyUnusable as error:
        raise StartFailed(str(error), hint="HAUBERK_STATE_DIR names another directory") from error


@contextmanager
def listening(path: Path) -> Iterator[socket.socket]:
    """A socket that is gone in the end. Raises StartFailed."""
    try:
        sock = listen(path)
    except SocketUnusable as error:
        raise StartFailed(str(error), hint="`hauberk check` shows a control plane that runs already") from error
    try:
        yield sock
    finally:
        sock.close()
        path.unlink(missing_ok=True)


async def established(namespaces: Namespaces) -> None:
    try:
        await namespaces.establish()
    except StoreUnavailable as error:
        raise StartFailed(error.why, hint=error.hint) from error


@asynccontextmanager
async def running(group: asyncio.TaskGroup, coro: Coroutine[None, None, None], *, name: str) -> AsyncIterator[None]:
    """A task that ends before what was started earlier."""
    task = spawn(group, coro, name=name)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
