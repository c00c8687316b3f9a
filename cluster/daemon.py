"""A program of the cluster that goes on running, as it is wanted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

# The process notes its own id and start before it becomes the program: whoever started it may be gone before it could.
_LAUNCH = """\
note=$1 groups=$2; shift 2
while [ "$groups" -gt 0 ]; do echo $$ >"$1" || exit 126; shift; groups=$((groups - 1)); done
read -r stat <"/proc/$$/stat" || exit 126
write() { echo "$$ ${20}" >"$note" || exit 126; }
write ${stat##*) }
exec "$@"
"""


@dataclass(frozen=True, slots=True)
class Daemon:
    name: str
    argv: tuple[str, ...]
    network: Path | None = None
    """The network namespace that it lives in; None: the machine's."""
    groups: Sequence[Path] = ()
    """The `cgroup.procs` files that it enters itself into."""
    files: Mapping[Path, str] = field(default_factory=dict)
    """Its configuration, with which it is written and compared."""

    def launch(self, note: Path) -> list[str]:
        """The command that becomes this program, and that has written `note` (see `process.parse`) before."""
        # Not `ip netns exec`, which mounts /sys anew and so hides the cgroups from the kubelet.
        enter = ["nsenter", f"--net={self.network}", "--"] if self.network else []
        groups = [str(path) for path in self.groups]
        return ["sh", "-c", _LAUNCH, self.name, str(note), str(len(groups)), *groups, *enter, *self.argv]

    def is_launched(self, command: Sequence[str]) -> bool:
        """Whether a process with this command has become the program: before, the program's own comes after others."""
        return len(command) > 0 and not (len(command) > len(self.argv) and command[-len(self.argv) :] == self.argv)


def options(**values: object) -> tuple[str, ...]:
    """`--a-b=value` for each `a_b=value`. What is True or False is written as Go wants it."""
    return tuple(f"--{name.replace('_', '-')}={_word(value)}" for name, value in values.items())


def joined(values: Sequence[object]) -> str:
    """A list as Kubernetes' options want it."""
    return ",".join(str(value) for value in values)


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
