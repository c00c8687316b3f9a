"""Who comes, who leaves, in which order, with a stand-in for the command line tool."""

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from demo import process
from demo.company import Company
from demo.costume import Costume
from hauberk.demo.cast import Role
from hauberk.demo.failure import PlayError

STANDIN = (sys.executable, str(Path(__file__).with_name("standin_hauberk.py")))
WAIT_S = 20


class Ears:
    """Hears the first line of each program."""

    def __init__(self) -> None:
        self._heard: dict[str, asyncio.Event] = {}

    def __call__(self, role: Role) -> Callable[[str], None]:
        event = self._heard.setdefault(role.key, asyncio.Event())
        return lambda _: event.set()

    async def hear(self, *keys: str) -> None:
        async with asyncio.timeout(WAIT_S):
            for key in keys:
                await self._heard[key].wait()


@pytest.fixture
def diary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "diary"
    path.touch()
    monkeypatch.setenv("DIARY", str(path))
    return path


def company_of(group: asyncio.TaskGroup, tmp_path: Path) -> Company:
    return Company(group, tmp_path / "work", Costume(os.getuid(), os.getgid()), hauberk=STANDIN)


def role(name: str) -> Role:
    return Role(f"{name}-1", name, ("true",))


def told(diary: Path) -> list[str]:
    return diary.read_text().splitlines()


async def test_who_came_last_leaves_first_and_the_control_plane_at_the_end(diary: Path, tmp_path: Path) -> None:
    ears = Ears()
    async with asyncio.TaskGroup() as group:
        company = company_of(group, tmp_path)
        await company.start_control_plane()
        await company.enter([role("server")], ears)
        await company.enter([role("client")], ears)
        await ears.hear("server-1", "client-1")
        await company.end()
    assert told(diary) == ["end client", "end server", "end up"]


async def test_an_accident_is_told_with_the_last_words_and_an_expected_end_is_none(diary: Path, tmp_path: Path) -> None:
    ears = Ears()
    async with asyncio.TaskGroup() as group:
        company = company_of(group, tmp_path)
        await company.enter([role("server")], ears)
        await ears.hear("server-1")
        company.may_leave("server-1")
        await company.member("server-1").stop()
        await company.enter([role("fragile")], lambda _: None)
        async with asyncio.timeout(WAIT_S):
            child = await company.accident()
        await company.end()
    assert child.obituary() == "fragile-1 ended with 4; its last words:\n    I am out of luck"
    assert told(diary) == ["end server"]


async def test_a_command_that_fails_says_why(diary: Path, tmp_path: Path) -> None:
    del diary
    async with asyncio.TaskGroup() as group:
        with pytest.raises(PlayError, match=r"hauberk apply ended with 3; its last words:\n    cannot apply x.yaml"):
            await company_of(group, tmp_path).do("apply", "-f", "x.yaml")


async def test_who_does_not_listen_is_killed(diary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "STOP_TIMEOUT_S", 0.1)
    ears = Ears()
    async with asyncio.TaskGroup() as group:
        company = company_of(group, tmp_path)
        await company.enter([role("stubborn")], ears)
        await ears.hear("stubborn-1")
        await company.end()
    assert company.member("stubborn-1").exit_code == -9
    assert told(diary) == []


async def test_a_program_is_found_among_the_descendants_of_its_runner_only(tmp_path: Path) -> None:
    lines = asyncio.Queue[str]()
    async with asyncio.TaskGroup() as group:
        argv = ["sh", "-c", "sleep 1000 & echo $!; wait; true", str(tmp_path)]
        first = await process.Child.start("first", argv, group, lines.put_nowait)
        async with asyncio.timeout(WAIT_S):
            pid = int(await lines.get())
        found = process.find_program(first.pid, "sleep 1000")
        elsewhere = process.find_program(pid, "sleep 1000")
        process.kill(pid)
        code = await first.wait()
    assert (found, elsewhere, code) == (pid, None, 0)
