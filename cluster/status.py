"""What there is of the cluster, for people and for programs."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from cluster import addresses, kubelet, node
from cluster.cluster import Cluster


@dataclass(frozen=True, slots=True)
class Component:
    name: str
    pid: int | None
    """None: it was started and has ended."""
    memory_mb: float
    """Resident, in MiB."""
    log: str


@dataclass(frozen=True, slots=True)
class Status:
    home: str
    components: Sequence[Component]
    nodes: dict[str, bool]
    """Whether each is ready, by its name."""

    @property
    def up(self) -> bool:
        """Whether all is well, as far as can be seen without asking DNS."""
        return bool(self.nodes) and all(self.nodes.values()) and all(each.pid for each in self.components)

    def document(self) -> dict[str, object]:
        return {"up": self.up, **asdict(self)}

    def lines(self) -> Iterator[str]:
        for each in self.components:
            yield f"{each.name:28} {f'process {each.pid}' if each.pid else 'ended':16} {each.memory_mb:6.0f} MiB"
        yield f"{'together':28} {'':16} {sum(each.memory_mb for each in self.components):6.0f} MiB"
        for name, ready in self.nodes.items():
            yield f"node {name:23} {'ready' if ready else 'not ready'}"
        yield "up" if self.up else "not up. Try: python -m cluster up"


def look(cluster: Cluster) -> Status:
    places, daemons = cluster.places, cluster.daemons
    components = []
    for name in daemons.names():
        process = daemons.running(name)
        memory = process.memory_mb() if process else 0.0
        components.append(Component(name, process.pid if process else None, memory, str(daemons.log(name))))
    running = [number for number in node.present(places) if daemons.running(node.programs(number)[0])]
    ready = {addresses.node_name(n): kubelet.ready(cluster.api, daemons, n) is True for n in running}
    return Status(str(places.home), components, ready)
