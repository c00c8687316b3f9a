"""The cgroups of a node: one of its name in every hierarchy. All that a node's pods start is in it.

Version 1 has a hierarchy for each controller, version 2 has one for all. Functions take the root, so that tests can
have one of their own.
"""

import contextlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from cluster import process, wait
from cluster.failure import ClusterFailed

ROOT = Path("/sys/fs/cgroup")
_RUNTIME = "runtime"
"""Below the node's group, for containerd and what it starts: in version 2 a group with children has no processes."""
_HOLDERS = ("pids", "systemd")
"""Of version 1, the hierarchies that say whose a process is."""
_WANTED = ("cpu", "cpuset", "io", "memory", "pids", "hugetlb")
_TIMEOUT_S = 10.0


def hierarchies(root: Path = ROOT) -> list[Path]:
    if (root / "cgroup.controllers").exists():
        return [root]
    return sorted(path for path in root.iterdir() if path.is_dir() and not path.is_symlink())


def make(name: str, root: Path = ROOT) -> list[Path]:
    """Makes the groups. Returns the files through which containerd enters them."""
    found = hierarchies(root)
    if found == [root]:
        _give_controllers(root)
        (root / name).mkdir(exist_ok=True)
        _give_controllers(root / name)
    for hierarchy in found:
        for group in (hierarchy / name, hierarchy / name / _RUNTIME):
            group.mkdir(exist_ok=True)
            if "cpuset" in hierarchy.name.split(","):
                _fill(group)
    holders = [path for path in found if path == root or path.name in _HOLDERS]
    return [path / name / _RUNTIME / "cgroup.procs" for path in holders]


def members(name: str, root: Path = ROOT) -> set[int]:
    """Ids of all processes in the groups and below."""
    return {pid for hierarchy in hierarchies(root) for pid in _members(hierarchy / name)}


def kill(name: str, root: Path = ROOT) -> None:
    """Ends all in the groups, and what they start meanwhile. Raises ClusterFailed if they do not end."""

    def none_left() -> bool | None:
        pids = members(name, root)
        for pid in pids:
            process.kill(pid, partial(_is_in, pid, name))
        return None if pids else True

    wait.until(f"the end of the processes in {name}", none_left, _TIMEOUT_S)


def remove(name: str, root: Path = ROOT) -> None:
    """Removes the empty groups. The kernel refuses for a moment after the last process, so this asks again."""

    def gone() -> bool | None:
        for hierarchy in hierarchies(root):
            _remove(hierarchy / name)
        return not present(name, root) or None

    wait.until(f"the end of the cgroups {name}", gone, _TIMEOUT_S)


def present(name: str, root: Path = ROOT) -> bool:
    return any((hierarchy / name).exists() for hierarchy in hierarchies(root))


def names(prefix: str, root: Path = ROOT) -> set[str]:
    """Of the groups that begin so, wherever they are."""
    return {path.name for hierarchy in hierarchies(root) for path in hierarchy.glob(f"{prefix}*") if path.is_dir()}


def _give_controllers(group: Path) -> None:
    """Lets the groups below have the controllers (version 2)."""
    control = group / "cgroup.subtree_control"
    given = control.read_text().split()
    for name in (group / "cgroup.controllers").read_text().split():
        if name in _WANTED and name not in given:
            try:
                control.write_text(f"+{name}")
            except OSError as error:
                raise ClusterFailed(
                    f"the cgroup {group} does not give its {name} controller on ({error.strerror}): it has processes "
                    "of its own. Try: outside of a container, or move them into a group below"
                ) from None


def _fill(group: Path) -> None:
    """A new group of version 1 has no CPUs and no memory nodes, and nothing can enter it."""
    for name in ("cpuset.cpus", "cpuset.mems"):
        if not (group / name).read_text().strip():
            (group / name).write_text((group.parent / name).read_text().strip())


def _members(group: Path) -> Iterator[int]:
    for folder in _with_children(group):
        with contextlib.suppress(OSError):
            yield from map(int, (folder / "cgroup.procs").read_text().split())


def _is_in(pid: int, name: str) -> bool:
    try:
        lines = Path(f"/proc/{pid}/cgroup").read_text().splitlines()
    except OSError:
        return False
    return any(line.split(":", 2)[2].split("/")[1] == name for line in lines)


def _remove(group: Path) -> None:
    for folder in reversed(_with_children(group)):
        with contextlib.suppress(OSError):
            folder.rmdir()


def _with_children(group: Path) -> list[Path]:
    """Parents first; none if there is no such group. Groups may vanish while this looks."""
    if not group.is_dir():
        return []
    with contextlib.suppress(OSError):
        return [group, *sorted(path for path in group.rglob("*") if path.is_dir())]
    return [group]


def of_container(container: str, root: Path = ROOT) -> list[int]:
    """The processes of one that a kubelet started, by its id; none where it has ended."""
    for hierarchy in (root / "pids", root):
        for listing in hierarchy.glob(f"*/kubepods*/**/{container}/cgroup.procs"):
            return [int(word) for word in listing.read_text().split()]
    return []
