"""Questions to the proxy API and its answers ↔ protobuf, for people who want to see what a proxy is told."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import DecodeError, Message

from hauberk._api.linkerd import destination_pb2, inbound_pb2, net_pb2, outbound_pb2

GET = "/io.linkerd.proxy.destination.Destination/Get"
GET_PROFILE = "/io.linkerd.proxy.destination.Destination/GetProfile"
GET_PORT = "/io.linkerd.proxy.inbound.InboundServerPolicies/GetPort"
GET_OUTBOUND = "/io.linkerd.proxy.outbound.OutboundPolicies/Get"


class NotUnderstood(Exception):
    """The answer is not a message of the contract."""


@dataclass(frozen=True, slots=True, order=True)
class KnownEndpoint:
    """One address that a proxy would send to."""

    namespace: str
    pod: str
    service: str
    ip: str
    port: int
    identity: str
    """Empty where the endpoint is not in the mesh."""
    protocol: str
    """What the proxy is told to speak: `h2`, `opaque`, or empty for what the client speaks."""


def workload_token(namespace: str, pod: str) -> str:
    """Who asks, as proxies say it."""
    return json.dumps({"ns": namespace, "pod": pod}, separators=(",", ":"))


def destination_request(authority: str, workload: str) -> bytes:
    """Of `Get` and of `GetProfile`."""
    return destination_pb2.GetDestination(scheme="k8s", path=authority, context_token=workload).SerializeToString()


def port_request(port: int, workload: str) -> bytes:
    return inbound_pb2.PortSpec(workload=workload, port=port).SerializeToString()


def traffic_request(authority: str, workload: str) -> bytes:
    return outbound_pb2.TrafficSpec(source_workload=workload, authority=authority).SerializeToString()


def is_whole(messages: Sequence[bytes]) -> bool:
    """Whether the set of endpoints is complete: here the last message has the version, and another make has none."""
    first, last = (_read(destination_pb2.Update(), messages[i]) for i in (0, -1))
    return bool(last.HasField("version") or not first.replaces)


def endpoints(messages: Iterable[bytes]) -> list[KnownEndpoint]:
    """The endpoints of a stream's first messages, sorted."""
    found: set[KnownEndpoint] = set()
    for message in messages:
        update = _read(destination_pb2.Update(), message)
        for weighted in update.add.addrs:
            found.add(_endpoint(weighted, dict(update.add.metric_labels)))
    return sorted(found)


def profile(message: bytes) -> dict[str, Any]:
    return _document(_read(destination_pb2.DestinationProfile(), message))


def inbound_policy(message: bytes) -> dict[str, Any]:
    return _document(_read(inbound_pb2.Server(), message))


def outbound_policy(message: bytes) -> dict[str, Any]:
    return _document(_read(outbound_pb2.OutboundPolicy(), message))


def _endpoint(weighted: destination_pb2.WeightedAddr, of_set: Mapping[str, str]) -> KnownEndpoint:
    labels = {**of_set, **weighted.metric_labels}
    return KnownEndpoint(
        namespace=labels.get("namespace", ""),
        pod=labels.get("pod", ""),
        service=labels.get("service", ""),
        ip=_ip(weighted.addr.ip),
        port=weighted.addr.port,
        identity=weighted.tls_identity.dns_like_identity.name,
        protocol=weighted.protocol_hint.WhichOneof("protocol") or "",
    )


def _ip(address: net_pb2.IPAddress) -> str:
    if address.WhichOneof("ip") == "ipv6":
        return str(IPv6Address((address.ipv6.first << 64) | address.ipv6.last))
    return str(IPv4Address(address.ipv4))


def _document(message: Message) -> dict[str, Any]:
    """Protobuf's own JSON, but for addresses, which there are numbers."""
    readable = _with_addresses(MessageToDict(message))
    return readable if isinstance(readable, dict) else {}


def _with_addresses(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, list):
        return [_with_addresses(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"ipv4"}:
        return str(IPv4Address(int(value["ipv4"])))
    if value.keys() == {"ipv6"} and isinstance(value["ipv6"], dict):
        halves = value["ipv6"]
        return str(IPv6Address((int(halves.get("first", 0)) << 64) | int(halves.get("last", 0))))
    return {key: _with_addresses(item) for key, item in value.items()}


def _read(into: Any, raw: bytes) -> Any:  # noqa: ANN401 - generated classes have no common type of their own
    try:
        into.ParseFromString(raw)
    except DecodeError:
        raise NotUnderstood(f"the answer is no {type(into).__name__} message") from None
    return into
