"""What killed runners left on this machine, and its removal by the next one.

A runner that is killed takes its namespace along, and with it rules and interfaces; its guard kills what still runs in
there. What stays is the directory, the bridge, and, if the guard was killed too, the processes.
"""

import json
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from hauberk.host import network, process
from hauberk.host.runner import FILE, Runner, from_document

IsAlive = Callable[[process.Process], bool]


@dataclass(frozen=True, slots=True)
class Leftover:
    """The directory of a workload that nobody looks after any more; None where its runner did not get far."""

    directory: Path
    runner: Runner | None


def is_alive(one: process.Process) -> bool:
    return process.process(one.pid) == one


def leftovers(workloads: Path, alive: IsAlive = is_alive) -> list[Leftover]:
    """The directories under `workloads` whose runners are gone. To be asked under the network's lock."""
    found: list[Leftover] = []
    for directory in _directories(workloads):
        record = _record(directory)
        # Without a record it is a stranger's, who may have started a supervisor by hand.
        if not (_proxies(directory) if record is None else alive(record.process)):
            found.append(Leftover(directory, record))
    return found


def sweep(workloads: Path) -> list[Runner]:
    """Removes what is left, and returns the runners that it was of: their Pods may still be registered."""
    if not workloads.is_dir():
        return []
    with network.locked():
        found = leftovers(workloads)
        for one in found:
            _kill_processes(one.directory)
            shutil.rmtree(one.directory, ignore_errors=True)
        gone = [one.runner for one in found if one.runner is not None]
        for record in gone:
            network.remove_link(record.link)
        for bridge in sorted({record.bridge for record in gone}):
            network.remove_bridge(bridge)
    return gone


def _directories(workloads: Path) -> Iterator[Path]:
    for entry in sorted(workloads.iterdir()):
        if entry.is_dir() and not entry.is_symlink():
            yield entry


def _record(directory: Path) -> Runner | None:
    try:
        return from_document(json.loads((directory / FILE).read_text()))
    except (OSError, ValueError):
        return None


def _proxies(directory: Path) -> list[int]:
    """The workload's proxy is known by its identity directory."""
    mark = f"LINKERD2_PROXY_IDENTITY_DIR={directory}/identity".encode()
    return [pid for pid in process.pids() if process.has_variable(pid, mark)]


def _kill_processes(directory: Path) -> None:
    """Whatever shares the namespace of the workload's proxy belongs to the workload."""
    namespaces = {process.network_namespace(pid) for pid in _proxies(directory)}
    namespaces -= {None, process.network_namespace(os.getpid())}
    if not namespaces:
        return
    for pid in process.pids():
        if process.network_namespace(pid) in namespaces:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
