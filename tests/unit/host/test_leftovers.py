import json
import os
from pathlib import Path

import pytest

from hauberk.host.leftovers import is_alive, leftovers
from hauberk.host.process import Process, process
from hauberk.host.runner import FILE, Runner, from_document, runner, to_document

ANSWER = {
    "metadata": {"namespace": "default"},
    "status": {"podName": "web-x7k2p", "podUID": "B62EDC0A-75be-4cfa-aa2a-5233e174d3fd", "bridge": "hauberk0"},
}
RECORD = runner(ANSWER, Process(4711, 99))


def workload(workloads: Path, name: str, record: Runner | None) -> Path:
    directory = workloads / name
    directory.mkdir()
    if record is not None:
        (directory / FILE).write_text(json.dumps(to_document(record)))
    return directory


def test_a_record_is_read_as_it_was_written() -> None:
    assert from_document(json.loads(json.dumps(to_document(RECORD)))) == RECORD


@pytest.mark.parametrize("raw", [None, [], {}, {**to_document(RECORD), "pid": "x"}])
def test_what_is_no_record_is_none(raw: object) -> None:
    assert from_document(raw) is None


def test_the_link_is_named_as_the_supervisor_names_it() -> None:
    assert RECORD.link == "hbb62edc0a75be"


def test_only_directories_whose_runner_is_gone_are_left_over(tmp_path: Path) -> None:
    gone, alive = Process(1, 1), Process(2, 2)
    workload(tmp_path, "alive", runner(ANSWER, alive))
    workload(tmp_path, "gone", runner(ANSWER, gone))
    workload(tmp_path, "halfway", None)
    (tmp_path / "file").write_text("not a workload")
    found = leftovers(tmp_path, lambda one: one == alive)
    assert [(left.directory.name, left.runner is not None) for left in found] == [("gone", True), ("halfway", False)]


def test_a_pid_that_was_given_again_is_another_process() -> None:
    own = process(os.getpid())
    assert own is not None
    assert is_alive(own)
    assert not is_alive(Process(own.pid, own.started - 1))


def test_a_name_with_parentheses_and_a_zombie_are_understood(tmp_path: Path) -> None:
    fields = " ".join(str(number) for number in range(4, 53))
    for pid, state in ((7, "S"), (8, "Z")):
        (tmp_path / str(pid)).mkdir()
        (tmp_path / str(pid) / "stat").write_text(f"{pid} (a) b) c) {state} {fields}")
    assert process(7, tmp_path) == Process(7, 22)
    assert process(8, tmp_path) is None
    assert process(9, tmp_path) is None
