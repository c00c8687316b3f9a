"""What is counted of the calls to a server, by a real one on a socket."""

from collections.abc import AsyncIterator
from pathlib import Path

import grpc.aio
import pytest
from eventually import until

from hauberk.app.calls import HANDLED, STARTED, Calls
from hauberk.app.proxy_api import serving

SERVICE = "test.Service"


class Service:
    """One method for each end that a call can have."""

    def add_to(self, server: grpc.aio.Server) -> None:
        unary, stream = grpc.unary_unary_rpc_method_handler, grpc.unary_stream_rpc_method_handler
        methods = {
            "Echo": unary(self._echo),
            "Refuse": unary(self._refuse),
            "Fail": unary(self._fail),
            "Count": stream(self._count),
        }
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, methods),))

    async def _echo(self, raw: bytes, _: grpc.aio.ServicerContext) -> bytes:
        return raw

    async def _refuse(self, _: bytes, context: grpc.aio.ServicerContext) -> None:
        await context.abort(grpc.StatusCode.NOT_FOUND, "nobody")

    async def _fail(self, _: bytes, __: grpc.aio.ServicerContext) -> None:
        raise ValueError

    async def _count(self, raw: bytes, context: grpc.aio.ServicerContext) -> None:
        for number in range(int(raw)):
            await context.write(str(number).encode())


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[tuple[Calls, grpc.aio.Channel]]:
    calls, path = Calls(), tmp_path / "s"
    async with serving([Service()], path, calls=calls), grpc.aio.insecure_channel(f"unix:{path}") as channel:
        yield calls, channel


def counted(calls: Calls, family: str, method: str, kind: str, code: str = "") -> str | None:
    """As it stands on the page."""
    ended = f',grpc_code="{code}"' if code else ""
    series = f'{family}{{grpc_type="{kind}",grpc_service="{SERVICE}",grpc_method="{method}"{ended}}} '
    return next((line.removeprefix(series) for line in calls.lines() if line.startswith(series)), None)


@pytest.mark.parametrize(("method", "code"), [("Echo", "OK"), ("Refuse", "NotFound"), ("Fail", "Unknown")])
async def test_each_call_is_counted_by_its_end(world: tuple[Calls, grpc.aio.Channel], method: str, code: str) -> None:
    calls, channel = world
    for _ in range(2):
        try:
            await channel.unary_unary(f"/{SERVICE}/{method}")(b"x")
        except grpc.aio.AioRpcError:
            assert code != "OK"
    assert counted(calls, STARTED, method, "unary") == "2"
    # The caller knows the end before the one who is called has counted it.
    await until(lambda: counted(calls, HANDLED, method, "unary", code) == "2")


async def test_a_stream_is_open_between_its_beginning_and_its_end(world: tuple[Calls, grpc.aio.Channel]) -> None:
    calls, channel = world
    found = [body async for body in channel.unary_stream(f"/{SERVICE}/Count")(b"3")]
    assert found == [b"0", b"1", b"2"]
    assert counted(calls, STARTED, "Count", "server_stream") == "1"
    await until(lambda: counted(calls, HANDLED, "Count", "server_stream", "OK") == "1")


async def test_what_nobody_serves_is_no_series(world: tuple[Calls, grpc.aio.Channel]) -> None:
    calls, channel = world
    with pytest.raises(grpc.aio.AioRpcError, match="UNIMPLEMENTED"):
        await channel.unary_unary(f"/{SERVICE}/Anything")(b"")
    assert "Anything" not in "\n".join(calls.lines())
