"""Programs that go on running: real ones, found again by files."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cluster.daemon import Daemon, options
from cluster.daemons import Daemons
from cluster.failure import ClusterFailed

SLEEP = Daemon("sleeper", ("sleep", "60"))
WAIT_S = 10.0


@pytest.fixture
def daemons(tmp_path: Path) -> Iterator[Daemons]:
    made = Daemons(tmp_path / "pids", tmp_path / "logs")
    yield made
    # By name too: what another one has stopped is still to be buried.
    made.stop(*made.names(), "sleeper")


def pid(daemons: Daemons, name: str = "sleeper") -> int:
    running = daemons.running(name)
    assert running is not None
    return running.pid


def until_ended(daemons: Daemons, name: str) -> None:
    running = daemons.running(name)
    assert running is None or running.ends_within(WAIT_S)


def test_one_that_runs_is_left_alone(daemons: Daemons) -> None:
    daemons.start(SLEEP)
    before = pid(daemons)
    daemons.start(SLEEP)
    assert pid(daemons) == before


def test_another_command_finds_it_by_its_files(daemons: Daemons, tmp_path: Path) -> None:
    daemons.start(SLEEP)
    other = Daemons(tmp_path / "pids", tmp_path / "logs")
    assert pid(other) == pid(daemons)
    other.stop("sleeper")
    assert daemons.running("sleeper") is None
    assert other.names() == []


def test_another_command_or_another_file_replaces_it(daemons: Daemons, tmp_path: Path) -> None:
    config = tmp_path / "config"
    seen = set()
    for argv, text in ((("sleep", "60"), "a"), (("sleep", "61"), "a"), (("sleep", "61"), "b"), (("sleep", "61"), "b")):
        daemons.start(Daemon("sleeper", argv, files={config: text}))
        assert config.read_text() == text
        seen.add(pid(daemons))
    assert len(seen) == 3


def test_a_file_that_stays_the_same_is_not_written(daemons: Daemons, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("a")
    os.utime(config, (1, 1))
    daemons.start(Daemon("sleeper", ("sleep", "60"), files={config: "a"}))
    assert config.stat().st_mtime == 1


def test_one_that_has_ended_is_started_anew(daemons: Daemons) -> None:
    daemons.start(SLEEP)
    before = pid(daemons)
    os.kill(before, signal.SIGKILL)
    until_ended(daemons, "sleeper")
    assert daemons.fallen() is not None
    daemons.start(SLEEP)
    assert pid(daemons) != before
    assert daemons.fallen() is None


def test_what_ended_before_is_no_news(daemons: Daemons, tmp_path: Path) -> None:
    daemons.start(SLEEP)
    os.kill(pid(daemons), signal.SIGKILL)
    until_ended(daemons, "sleeper")
    assert Daemons(tmp_path / "pids", tmp_path / "logs").fallen() is None


def test_one_that_does_not_listen_is_killed(daemons: Daemons) -> None:
    daemons.start(Daemon("deaf", ("sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 0.1; done")))
    daemons.wait("a word", lambda: "deaf" in daemons.log("deaf").read_text() or None, WAIT_S, by=["deaf"])
    began = time.monotonic()
    daemons.stop("deaf")
    assert daemons.running("deaf") is None
    assert time.monotonic() - began > 1


def test_a_note_of_a_process_that_is_another_now_ends_nobody(daemons: Daemons, tmp_path: Path) -> None:
    daemons.start(SLEEP)
    note = tmp_path / "pids" / "sleeper"
    process, started = note.read_text().split()
    (tmp_path / "pids" / "stranger").write_text(f"{process} {int(started) - 1}\n")
    daemons.stop("stranger")
    assert pid(daemons) == int(process)


def test_a_wait_ends_with_the_last_words_of_who_fell(daemons: Daemons) -> None:
    daemons.start(Daemon("talker", ("sh", "-c", "echo too bad; sleep 0.2; exit 3")))
    with pytest.raises(ClusterFailed, match=r"(?s)wonders will not come: talker has ended.*too bad"):
        daemons.wait("wonders", lambda: None, WAIT_S, by=["talker"])


def test_a_wait_that_takes_too_long_tells_what_was_said(daemons: Daemons) -> None:
    daemons.start(Daemon("talker", ("sh", "-c", "echo not yet; exec sleep 60")))
    daemons.wait("a word", lambda: "not yet" in daemons.log("talker").read_text() or None, WAIT_S, by=[])
    with pytest.raises(ClusterFailed, match=r"(?s)wonders did not come within 0 s.*not yet"):
        daemons.wait("wonders", lambda: None, 0, by=["talker"])


def test_a_program_that_is_not_there_is_told_at_once(daemons: Daemons) -> None:
    with pytest.raises(ClusterFailed, match=r"(?s)start of nobody.*no-such-program"):
        daemons.start(Daemon("nobody", ("no-such-program",)))


def test_it_enters_its_groups_before_it_is_the_program(daemons: Daemons, tmp_path: Path) -> None:
    entries = [tmp_path / "one", tmp_path / "two"]
    daemons.start(Daemon("sleeper", ("sleep", "60"), groups=entries))
    assert [entry.read_text().strip() for entry in entries] == [str(pid(daemons))] * 2


def test_what_it_said_the_time_before_is_kept(daemons: Daemons) -> None:
    for word in ("first", "second"):
        daemons.start(Daemon("talker", ("sh", "-c", f"echo {word}; exec sleep 60")))
        daemons.wait(word, lambda word=word: word in daemons.log("talker").read_text() or None, WAIT_S, by=[])  # type: ignore[misc]
    assert daemons.log("talker").with_suffix(".old.log").read_text() == "first\n"


def test_it_is_launched_when_nothing_is_before_its_own_command(tmp_path: Path) -> None:
    daemon = Daemon("it", ("it", "--x"), network=tmp_path / "network")
    whole = tuple(daemon.launch(tmp_path / "note"))
    entering = whole[whole.index("nsenter") :]
    assert entering == ("nsenter", f"--net={tmp_path}/network", "--", "it", "--x")
    assert [daemon.is_launched(seen) for seen in ((), whole, entering)] == [False] * 3
    assert daemon.is_launched(daemon.argv)
    assert daemon.is_launched(("it", "renamed"))


def test_options_are_written_as_go_reads_them() -> None:
    assert options(leader_elect=False, port=1, cert_dir=Path("/x")) == (
        "--leader-elect=false",
        "--port=1",
        "--cert-dir=/x",
    )
