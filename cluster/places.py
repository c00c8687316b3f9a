"""Where the cluster's files are."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cluster.failure import ClusterFailed

SOURCES = Path(__file__).resolve().parent
"""What programs are built from, and manifests."""
_VARIABLE = "HAUBERK_CLUSTER_HOME"
_LONGEST_SOCKET = 107
"""Bytes of a path that a socket can be bound to (unix(7))."""


@dataclass(frozen=True, slots=True)
class Places:
    home: Path

    @property
    def bin(self) -> Path:
        """Built programs, each with a stamp of what it was built from."""
        return self.home / "bin"

    @property
    def images(self) -> Path:
        return self.home / "images"

    @property
    def lock(self) -> Path:
        return self.home / "lock"

    @property
    def run(self) -> Path:
        """All that a cluster writes: it may be removed when the cluster is down."""
        return self.home / "run"

    @property
    def keys(self) -> Path:
        """Certificates and keys."""
        return self.run / "keys"

    @property
    def logs(self) -> Path:
        return self.run / "logs"

    @property
    def pids(self) -> Path:
        return self.run / "pids"

    def kubeconfig(self, user: str) -> Path:
        return self.run / f"{user}.kubeconfig"

    def node(self, number: int) -> Path:
        return self.run / f"n{number}"

    def socket(self, number: int) -> Path:
        """Where a node's containerd answers."""
        return self.node(number) / "containerd.sock"


def find(environ: Mapping[str, str]) -> Places:
    """Raises ClusterFailed for a place that programs could not work in."""
    home = Path(environ.get(_VARIABLE) or "~/.cache/hauberk-cluster").expanduser().resolve()
    places = Places(home)
    # containerd has a second socket beside its own, with a longer name.
    longest = f"{places.socket(1)}.ttrpc"
    if len(longest.encode()) > _LONGEST_SOCKET:
        raise ClusterFailed(f"{home} is too long a path for the sockets in it. Try: another {_VARIABLE}")
    if any(character in str(home) for character in " \t\n\"',:"):
        raise ClusterFailed(f"{home} has a character that mounts and options cannot have. Try: another {_VARIABLE}")
    return places
