"""kubectl, as the administrator."""

from collections.abc import Sequence

from cluster import commands
from cluster.failure import ClusterFailed
from cluster.identities import ADMIN
from cluster.places import Places


def run(places: Places, words: Sequence[str], given: str | None = None) -> str:
    """Returns what it printed. Raises ClusterFailed with what it complained about."""
    fixed = ["--kubeconfig", str(places.kubeconfig(ADMIN)), "--cache-dir", str(places.run / "kubectl")]
    return commands.run([str(places.bin / "kubectl"), *fixed, *words], given=given)


def attempt(places: Places, words: Sequence[str]) -> str | None:
    try:
        return run(places, words)
    except ClusterFailed:
        return None
