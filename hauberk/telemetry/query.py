"""Answers from what the proxies counted: the edges between workloads, and each workload's own traffic."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from hauberk.telemetry.change import Change
from hauberk.telemetry.sample import Sample
from hauberk.telemetry.target import Target
from hauberk.telemetry.traffic import DENIED, Traffic

Level = Literal["workload", "pod", "service", "serviceaccount", "namespace"]
"""What the rows of an answer stand for."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    namespace: str
    name: str


@dataclass(slots=True)
class Edge:
    """Traffic from one place to another, measured by the client's proxy."""

    source: Place
    destination: Place
    traffic: Traffic = field(default_factory=Traffic)
    server_ids: set[str] = field(default_factory=set)
    """The identities the client's proxy verified."""
    client_ids: set[str] = field(default_factory=set)
    """The identities the server's proxies verified, of those the source may have."""
    insecure_reasons: set[str] = field(default_factory=set)
    """Why connections went without mutual TLS."""

    @property
    def secured(self) -> bool:
        """Whether every connection was mutually authenticated, as far as either end knows."""
        return bool(self.server_ids) and not self.insecure_reasons


@dataclass(slots=True)
class Golden:
    """The inbound traffic of one place: success rate, rate and latency, and how many of its pods are meshed."""

    place: Place
    traffic: Traffic = field(default_factory=Traffic)
    meshed: int = 0
    pods: int = 0


def edges(found: Sequence[Change], targets: Iterable[Target], level: Level = "workload") -> list[Edge]:
    """Every edge with traffic, sorted. `targets` are all known workloads, so that a destination can be named."""
    by_pod = {t.name: t for t in targets}
    by_address = {t.address: t for t in by_pod.values() if t.address}
    rows: dict[tuple[Place, Place], Edge] = {}
    for one in found:
        source = place_of(one.target, level)
        for sample in (*one.increases, *one.gauges):
            labels = sample.series.labels
            if labels.get("direction") != "outbound" or labels.get("peer") == "src" or sample.value <= 0:
                continue
            destination = _destination(labels, by_pod, by_address, level)
            if destination is None:
                continue
            edge = rows.setdefault((source, destination), Edge(source, destination))
            edge.traffic.add(sample, one.seconds)
            _note_identity(edge, labels)
    _note_clients(rows, found, level)
    return sorted((e for e in rows.values() if e.traffic.seen), key=lambda e: (e.source, e.destination))


def golden(
    found: Sequence[Change], targets: Iterable[Target], level: Level = "workload", services: Iterable[Place] = ()
) -> list[Golden]:
    """One row for each place that has pods, sorted. For services: those that are known or had traffic."""
    known = list(targets)
    if level == "service":
        return _golden_services(found, known, services)
    rows: dict[Place, Golden] = {}
    for target in known:
        row = rows.setdefault(place_of(target, level), Golden(place_of(target, level)))
        row.pods, row.meshed = row.pods + 1, row.meshed + target.meshed
    for one in found:
        row = rows.setdefault(place_of(one.target, level), Golden(place_of(one.target, level)))
        for sample in (*one.increases, *one.gauges):
            if _is_inbound(sample):
                row.traffic.add(sample, one.seconds)
    return sorted(rows.values(), key=lambda row: row.place)


def _golden_services(found: Sequence[Change], known: Sequence[Target], services: Iterable[Place]) -> list[Golden]:
    """What their clients measured, as one server's proxy cannot tell by which Service it was called."""
    rows = {place: Golden(place) for place in services}
    for edge in edges(found, known, "service"):
        _merge(rows.setdefault(edge.destination, Golden(edge.destination)).traffic, edge.traffic)
    for target in known:
        row = rows.get(place_of(target, "workload"))
        if row is not None:
            row.pods, row.meshed = row.pods + 1, row.meshed + target.meshed
    return sorted(rows.values(), key=lambda row: row.place)


def place_of(target: Target, level: Level) -> Place:
    """Where a workload belongs in an answer of that level."""
    match level:
        case "workload" | "service":
            return Place(target.namespace, target.workload)
        case "pod":
            return Place(target.namespace, target.pod)
        case "serviceaccount":
            return Place(target.namespace, target.service_account)
        case "namespace":
            return Place("", target.namespace)


def _destination(
    labels: Mapping[str, str],
    by_pod: Mapping[str, Target],
    by_address: Mapping[str, Target],
    level: Level,
) -> Place | None:
    namespace = labels.get("dst_namespace", "")
    service = labels.get("dst_service", "")
    if level == "service":
        return Place(namespace, service) if service else None
    address = labels.get("target_ip") or labels.get("target_addr", "").rpartition(":")[0]
    target = by_pod.get(f"{namespace}/{labels.get('dst_pod', '')}") or by_address.get(address)
    if target is not None:
        return place_of(target, level)
    # A pod that has gone: what the labels still say of it.
    match level:
        case "workload":
            name = service or labels.get("target_addr", "")
        case "pod":
            name = labels.get("dst_pod", "") or labels.get("target_addr", "")
        case "serviceaccount":
            name = labels.get("dst_serviceaccount", "")
        case _:
            return Place("", namespace) if namespace else None
    return Place(namespace, name) if name else None


def _note_identity(edge: Edge, labels: Mapping[str, str]) -> None:
    tls = labels.get("tls")
    if tls == "true":
        if server := labels.get("server_id"):
            edge.server_ids.add(server)
    elif tls is not None:
        edge.insecure_reasons.add(labels.get("no_tls_reason") or tls)


def _note_clients(rows: Mapping[tuple[Place, Place], Edge], found: Sequence[Change], level: Level) -> None:
    """What the servers say of their clients. It is told apart by identity: replicas of one client share one."""
    accounts: dict[Place, set[str]] = {}
    for one in found:
        account = f"{one.target.service_account}.{one.target.namespace}.serviceaccount.identity."
        accounts.setdefault(place_of(one.target, level), set()).add(account)
    seen: dict[Place, set[str]] = {}
    for one in found:
        ids = seen.setdefault(place_of(one.target, level), set())
        for sample in (*one.increases, *one.gauges):
            client = sample.series.labels.get("client_id")
            if client and sample.value > 0 and _is_inbound(sample):
                ids.add(client)
    for edge in rows.values():
        prefixes = tuple(accounts.get(edge.source, ()))
        for client in seen.get(edge.destination, ()):
            if prefixes and client.startswith(prefixes):
                edge.client_ids.add(client)


def _is_inbound(sample: Sample) -> bool:
    labels = sample.series.labels
    if sample.series.name in DENIED:
        return True
    return labels.get("direction") == "inbound" and labels.get("peer", "src") == "src"


def _merge(into: Traffic, other: Traffic) -> None:
    into.responses += other.responses
    into.failures += other.failures
    into.denied += other.denied
    into.connections_open += other.connections_open
    into.connections_opened += other.connections_opened
    into.read_bytes += other.read_bytes
    into.written_bytes += other.written_bytes
    into.seconds = max(into.seconds, other.seconds)
    for bound, count in other.buckets.items():
        into.buckets[bound] = into.buckets.get(bound, 0.0) + count
    for status, count in other.statuses.items():
        into.statuses[status] = into.statuses.get(status, 0.0) + count
