"""Answers ↔ protobuf of `io.linkerd.proxy.destination` and `hauberk.view.v1`.

A message is encoded in two parts: the body, once for everyone, and the version, which is appended to it (concatenated
protobuf messages are one message).
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from ipaddress import IPv4Address, ip_address
from itertools import islice
from typing import TypeVar

from google.protobuf.message import DecodeError

from hauberk._api.hauberk import view_pb2
from hauberk._api.linkerd import destination_pb2 as pb
from hauberk._api.linkerd import net_pb2
from hauberk.catalog.names import Authority, parse_authority
from hauberk.catalog.refusal import Refusal
from hauberk.catalog.snapshot import Version
from hauberk.destination.answer import WEIGHT, Address, Endpoint, Endpoints, Profile, difference

ENDPOINTS_PER_MESSAGE_MAX = 1000
"""About 250 KB; receivers refuse messages of more than 4 MB."""

REQUEST_BYTES_MAX = 8192
"""Of a request: a name, and a token of ours with three names in it."""

RETRY_BUDGET = pb.RetryBudget(retry_ratio=0.2, min_retries_per_second=10, ttl=timedelta(seconds=10))
"""The contract's default; without it a proxy of another make treats the profile as having no retries at all."""

HTTP2_KEEP_ALIVE = pb.Http2ClientParams.KeepAlive(
    interval=timedelta(seconds=10), timeout=timedelta(seconds=3), while_idle=True
)

T = TypeVar("T")


def read_request(raw: bytes) -> tuple[Authority, str] | Refusal:
    """The destination asked for, and the context token with which the caller says who it is."""
    if len(raw) > REQUEST_BYTES_MAX:
        return Refusal("invalid-argument", f"the request has {len(raw)} bytes; at most {REQUEST_BYTES_MAX} make sense")
    try:
        request = pb.GetDestination.FromString(raw)
    except DecodeError:
        return Refusal("invalid-argument", "the request is not a GetDestination message")
    authority = parse_authority(request.path)
    if authority is None:
        return Refusal("invalid-argument", f"path {request.path!r} is not HOST:PORT; write, say, web.default.svc:80")
    return authority, request.context_token


def version_bytes(version: Version) -> bytes:
    """To be appended to an `Update`'s or a `DestinationProfile`'s body."""
    return pb.Update(version=_version(version)).SerializeToString()


def whole(endpoints: Endpoints) -> list[bytes]:
    """The bodies of a stream's first messages: whatever is not in them is gone."""
    if not endpoints.by_address:
        # Another implementation sends nothing here, so that its proxies time out and ask again every 3 s.
        return [pb.Update(no_endpoints=_no_endpoints(endpoints), replaces=True).SerializeToString()]
    bodies = list(_adds(endpoints.by_address.values(), endpoints))
    bodies[0] += pb.Update(replaces=True).SerializeToString()
    return bodies


def changes(old: Endpoints, new: Endpoints) -> list[bytes]:
    """The bodies that turn one set into another; additions first, so that a set is never empty in between."""
    if not new.by_address:
        # Nobody was there before either where what changed is for clients of other places.
        return [] if old == new else [pb.Update(no_endpoints=_no_endpoints(new)).SerializeToString()]
    changed = difference(old, new)
    bodies = list(_adds(changed.put, new))
    bodies.extend(
        pb.Update(remove=pb.AddrSet(addrs=map(_tcp, addresses))).SerializeToString()
        for addresses in _batches(changed.gone, ENDPOINTS_PER_MESSAGE_MAX)
    )
    return bodies


def profile(answer: Profile) -> bytes:
    """The body of a profile."""
    message = pb.DestinationProfile(opaque_protocol=answer.opaque, fully_qualified_name=answer.fully_qualified_name)
    if answer.endpoint is not None:
        message.endpoint.CopyFrom(weighted(answer.endpoint))
    if answer.endpoint is not None or answer.fully_qualified_name:
        message.retry_budget.CopyFrom(RETRY_BUDGET)
    return message.SerializeToString()


def confirmation(version: Version, interval_ms: int) -> bytes:
    return view_pb2.Confirmation(version=_version(version), interval_ms=interval_ms).SerializeToString()


def read_confirm_request(raw: bytes) -> str | Refusal:
    """The workload that asks, as it names itself."""
    if len(raw) > REQUEST_BYTES_MAX:
        return Refusal("invalid-argument", f"the request has {len(raw)} bytes; at most {REQUEST_BYTES_MAX} make sense")
    try:
        return view_pb2.ConfirmRequest.FromString(raw).workload
    except DecodeError:
        return Refusal("invalid-argument", "the request is not a ConfirmRequest message")


def weighted(endpoint: Endpoint) -> pb.WeightedAddr:
    message = pb.WeightedAddr(
        addr=_tcp(endpoint.address), weight=WEIGHT, metric_labels=dict(endpoint.labels), protocol_hint=_hint(endpoint)
    )
    if endpoint.identity is not None:
        name = pb.TlsIdentity.DnsLikeIdentity(name=endpoint.identity)
        message.tls_identity.CopyFrom(pb.TlsIdentity(dns_like_identity=name, server_name=name))
        message.http2.CopyFrom(pb.Http2ClientParams(keep_alive=HTTP2_KEEP_ALIVE))
    return message


def _hint(endpoint: Endpoint) -> pb.ProtocolHint | None:
    if endpoint.identity is None and not endpoint.opaque:
        return None
    hint = pb.ProtocolHint()
    if endpoint.opaque:
        hint.opaque.SetInParent()
    else:
        hint.h2.SetInParent()
    if endpoint.transport_port is not None:
        hint.opaque_transport.inbound_port = endpoint.transport_port
    return hint


def _adds(endpoints: Iterable[Endpoint], of: Endpoints) -> Iterator[bytes]:
    for batch in _batches(endpoints, ENDPOINTS_PER_MESSAGE_MAX):
        addresses = pb.WeightedAddrSet(addrs=map(weighted, batch), metric_labels=dict(of.labels))
        yield pb.Update(add=addresses).SerializeToString()


def _no_endpoints(endpoints: Endpoints) -> pb.NoEndpoints:
    return pb.NoEndpoints(exists=endpoints.exists)


def _tcp(address: Address) -> net_pb2.TcpAddress:
    ip = ip_address(address[0])
    if isinstance(ip, IPv4Address):
        return net_pb2.TcpAddress(ip=net_pb2.IPAddress(ipv4=int(ip)), port=address[1])
    halves = net_pb2.IPv6(first=int(ip) >> 64, last=int(ip) & (2**64 - 1))
    return net_pb2.TcpAddress(ip=net_pb2.IPAddress(ipv6=halves), port=address[1])


def _version(version: Version) -> view_pb2.Version:
    return view_pb2.Version(store=version.store, revision=version.revision)


def _batches(items: Iterable[T], size: int) -> Iterator[Sequence[T]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
