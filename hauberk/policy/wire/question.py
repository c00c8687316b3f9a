"""What proxies ask, and the version that is appended to what they are answered."""

from google.protobuf.message import DecodeError

from hauberk._api.hauberk import view_pb2
from hauberk._api.linkerd import inbound_pb2
from hauberk._api.linkerd import outbound_pb2 as out
from hauberk.catalog.names import Authority, parse_authority
from hauberk.catalog.refusal import Refusal
from hauberk.catalog.snapshot import Version
from hauberk.policy.wire.net import address_of

REQUEST_BYTES_MAX = 8192
"""Of a request: a name or address, and a token with two names in it."""


def read_port_spec(raw: bytes) -> tuple[str, int] | Refusal:
    """The workload, as it names itself, and the port."""
    if len(raw) > REQUEST_BYTES_MAX:
        return _too_long(raw)
    try:
        spec = inbound_pb2.PortSpec.FromString(raw)
    except DecodeError:
        return Refusal("invalid-argument", "the request is not a PortSpec message")
    if not 1 <= spec.port <= 65535:
        return Refusal("invalid-argument", f"port {spec.port} is not within 1 to 65535")
    return spec.workload, spec.port


def read_traffic_spec(raw: bytes) -> tuple[str, Authority] | Refusal:
    """The workload that asks, as it names itself, and where its program wants to go."""
    if len(raw) > REQUEST_BYTES_MAX:
        return _too_long(raw)
    try:
        spec = out.TrafficSpec.FromString(raw)
    except DecodeError:
        return Refusal("invalid-argument", "the request is not a TrafficSpec message")
    match spec.WhichOneof("target"):
        case "authority":
            authority = parse_authority(spec.authority)
            if authority is None:
                return Refusal("invalid-argument", f"authority {spec.authority!r} is not HOST:PORT")
            return spec.source_workload, authority
        case "addr":
            ip = address_of(spec.addr.ip)
            if ip is None or not 1 <= spec.addr.port <= 65535:
                return Refusal("invalid-argument", "addr has no IP address, or a port that is not within 1 to 65535")
            return spec.source_workload, Authority(host=str(ip), port=spec.addr.port)
        case _:
            return Refusal("invalid-argument", "the request has no target: set addr or authority")


def version_bytes(version: Version) -> bytes:
    """To be appended to the body of a `Server` or an `OutboundPolicy`."""
    return inbound_pb2.Server(
        version=view_pb2.Version(store=version.store, revision=version.revision)
    ).SerializeToString()


def _too_long(raw: bytes) -> Refusal:
    return Refusal("invalid-argument", f"the request has {len(raw)} bytes; at most {REQUEST_BYTES_MAX} make sense")
