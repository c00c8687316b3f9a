"""The cluster as commands have it in hand."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cluster import places
from cluster.api import Api
from cluster.daemons import Daemons
from cluster.places import Places


@dataclass(frozen=True, slots=True)
class Cluster:
    places: Places
    daemons: Daemons
    api: Api
    say: Callable[[str], None]
    """Tells the person who waits what has happened."""


def of(environ: Mapping[str, str], say: Callable[[str], None]) -> Cluster:
    """The one that the environment names. Raises ClusterFailed if its place will not do."""
    found = places.find(environ)
    return Cluster(found, Daemons(found.pids, found.logs), Api(found), say)
