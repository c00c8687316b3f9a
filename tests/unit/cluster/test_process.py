"""A process is not taken for another one, with real children."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from cluster import process
from cluster.process import Process

WAIT_S = 10.0


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "60"]) as running:
        yield running
        running.kill()


def known(child: subprocess.Popen[bytes]) -> Process:
    found = process.of(child.pid)
    assert found is not None
    return found


def test_a_process_is_known_by_its_start_too(child: subprocess.Popen[bytes]) -> None:
    it = known(child)
    assert it.runs()
    later = Process(it.pid, it.started + 1)
    assert not later.runs()
    later.send(signal.SIGKILL)
    assert later.ends_within(0)
    assert child.poll() is None
    assert it.runs()


def test_a_process_that_nobody_has_buried_does_not_run(child: subprocess.Popen[bytes]) -> None:
    it = known(child)
    it.send(signal.SIGTERM)
    assert it.ends_within(WAIT_S)
    assert not it.runs()
    assert child.wait() == -signal.SIGTERM
    it.send(signal.SIGTERM)


def test_waiting_for_an_end_has_an_end(child: subprocess.Popen[bytes]) -> None:
    assert not known(child).ends_within(0.01)


def test_a_process_is_killed_only_if_it_is_meant(child: subprocess.Popen[bytes]) -> None:
    process.kill(child.pid, lambda: False)
    assert known(child).runs()
    process.kill(child.pid, lambda: True)
    assert child.wait(WAIT_S) == -signal.SIGKILL
    process.kill(child.pid, lambda: True)


def test_a_name_with_blanks_and_parentheses_does_not_confuse(child: subprocess.Popen[bytes]) -> None:
    script = "import ctypes,sys; ctypes.CDLL(None).prctl(15, b'a) b (c'); print(flush=True); sys.stdin.read()"
    argv = [sys.executable, "-c", script]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as odd:
        assert odd.stdout is not None
        odd.stdout.readline()
        found = process.of(odd.pid)
        assert found is not None
        assert found.runs()
        assert found.started >= known(child).started
        assert found.command() == tuple(argv)
        assert found.memory_mb() > 1


@pytest.mark.parametrize("text", ["", "12", "12 x", "12 13 14", "-1 5"])
def test_a_note_of_something_else_names_no_process(text: str) -> None:
    assert process.parse(text) is None


def test_a_note_is_read() -> None:
    assert process.parse("12 345\n") == Process(12, 345)
    assert process.of(2**22 + 1) is None
    me = process.of(os.getpid())
    assert me is not None
    assert me.runs()
