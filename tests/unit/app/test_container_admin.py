"""The admin server of a container."""

import socket

import aiohttp
import pytest

from hauberk.app.controllers.admin import Admin
from hauberk.app.failure import StartFailed


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


async def answer(port: int, path: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}{path}") as response:
        return response.status, await response.text()


async def test_it_is_live_at_once_and_ready_when_told() -> None:
    admin, port = Admin(), free_port()
    async with admin.serving(port, "127.0.0.1"):
        assert await answer(port, "/live") == (200, "live\n")
        assert (await answer(port, "/ready"))[0] == 503
        admin.ready = True
        assert await answer(port, "/ready") == (200, "ready\n")


async def test_pages_are_joined_and_read_anew_each_time() -> None:
    admin, port, count = Admin(), free_port(), iter(range(10))
    admin.expose(lambda: [f"a {next(count)}"])
    admin.expose(lambda: ["b 7"])
    async with admin.serving(port, "127.0.0.1"):
        assert await answer(port, "/metrics") == (200, "a 0\nb 7\n")
        assert await answer(port, "/metrics") == (200, "a 1\nb 7\n")


async def test_a_taken_port_is_said_with_what_to_do() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(StartFailed) as failed:
            async with Admin().serving(taken.getsockname()[1], "127.0.0.1"):
                pass
    assert "HAUBERK_ADMIN_PORT" in failed.value.hint
