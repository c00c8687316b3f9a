"""Numbers of the destination controller, for its admin endpoint."""

from collections.abc import Iterator
from dataclasses import dataclass

from hauberk.app.calls import Calls
from hauberk.app.controllers.lease import Leader
from hauberk.app.controllers.statuses import Statuses
from hauberk.app.proxy_api import ProxyApi
from hauberk.client.kinds import qualified
from hauberk.runtime.exposition import family
from hauberk.store.kubernetes import KubernetesStore

_RESOURCES = "Objects of the cluster that are known, by kind."
_LEFT_OUT = "Objects that make no sense and are left out, by kind; the log says why."
_FOLLOWED = "Whether changes of a kind come in: 0 where the API server refuses or is away, and what was known stays."
_REVISION = "The revision of the cluster that every answer to a proxy reflects."
_LEADS = "Whether this replica is the one that writes statuses."
_STATUSES = "Statuses that this replica wrote, or could not write."


@dataclass(frozen=True)
class Figures:
    """What the parts of the controller know when somebody asks."""

    store: KubernetesStore
    proxy_api: ProxyApi
    calls: Calls
    statuses: Statuses
    leader: Leader

    def lines(self) -> Iterator[str]:
        yield from self._of_store()
        yield from family("view_revision", "gauge", _REVISION, [((), self.proxy_api.revision)])
        yield from self.calls.lines()
        yield from family("status_leader", "gauge", _LEADS, [((), int(self.leader.leads))])
        written = [((("outcome", outcome),), count) for outcome, count in self.statuses.counts.items()]
        yield from family("status_writes_total", "counter", _STATUSES, written)

    def _of_store(self) -> Iterator[str]:
        followed = self.store.followed
        labels = {kind: (("resource", qualified(kind)),) for kind in followed}
        known = [(labels[kind], state.known) for kind, state in followed.items()]
        yield from family("catalog_resources", "gauge", _RESOURCES, known)
        left_out = [(labels[kind], state.left_out) for kind, state in followed.items()]
        yield from family("catalog_left_out", "gauge", _LEFT_OUT, left_out)
        current = [(labels[kind], int(state.trouble is None)) for kind, state in followed.items()]
        yield from family("catalog_followed", "gauge", _FOLLOWED, current)
