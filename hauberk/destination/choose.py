"""Which of a Service's endpoints a client gets, by where it runs. Pure.

As kube-proxy chooses (KEP-1669, KEP-2086, KEP-2433, KEP-4444), so that traffic goes the same way with a proxy as
without one: hints hold only if every ready endpoint has them and one of them means the client; a Service that keeps its
traffic on the Node has the endpoints of the Node, or none; who goes away and still serves is better than nobody.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from hauberk.destination.answer import Candidate, Candidates, Endpoint, Endpoints


@dataclass(frozen=True, slots=True)
class Place:
    """Where a client runs; empty where that is not known."""

    node: str = ""
    zone: str = ""


NOWHERE = Place()


def relevant(candidates: Candidates, place: Place) -> Place:
    """The place without what makes no difference: clients whose relevant places are equal get equal answers."""
    by_node = candidates.local or any(candidate.for_nodes for candidate in candidates.all)
    by_zone = any(candidate.for_zones or candidate.zone for candidate in candidates.all)
    return Place(node=place.node if by_node else "", zone=place.zone if by_zone else "")


def seen_from(candidates: Candidates, place: Place) -> Endpoints:
    """The endpoints for clients of a place."""
    chosen = (_located(candidate, place) for candidate in _chosen(candidates, place))
    by_address = {endpoint.address: endpoint for endpoint in chosen}
    return Endpoints(exists=candidates.exists, labels=candidates.labels, by_address=by_address)


def _chosen(candidates: Candidates, place: Place) -> Sequence[Candidate]:
    # A client that does not say where it runs is no reason to call nobody.
    if candidates.local and place.node:
        return _ready_first([candidate for candidate in candidates.all if candidate.node == place.node])
    ready = [candidate for candidate in candidates.all if candidate.ready]
    return _hinted(ready, place) or ready or candidates.all


def _ready_first(candidates: Sequence[Candidate]) -> Sequence[Candidate]:
    return [candidate for candidate in candidates if candidate.ready] or candidates


def _hinted(ready: Iterable[Candidate], place: Place) -> Sequence[Candidate]:
    """The ready ones that are meant for clients of the place; none if the hints are not complete, or not for them."""
    ready = list(ready)
    if all(candidate.for_nodes for candidate in ready):
        same_node = [candidate for candidate in ready if place.node in candidate.for_nodes]
        if same_node:
            return same_node
    if all(candidate.for_zones for candidate in ready):
        return [candidate for candidate in ready if place.zone in candidate.for_zones]
    return []


def _located(candidate: Candidate, place: Place) -> Endpoint:
    """The endpoint with labels that say where it is, and whether that is near."""
    if not candidate.zone:
        return candidate.endpoint
    locality = "unknown" if not place.zone else "local" if candidate.zone == place.zone else "remote"
    labels = {**dict(candidate.endpoint.labels), "zone": candidate.zone, "zone_locality": locality}
    return replace(candidate.endpoint, labels=tuple(sorted(labels.items())))
