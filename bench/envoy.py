"""Static configuration of a pair of Envoys: one worker, mutual TLS between, no access log, the rest by default."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import yaml

_TYPES = "type.googleapis.com/envoy"
_MANAGER = "extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
_TCP = "extensions.filters.network.tcp_proxy.v3.TcpProxy"
_OPTIONS = "extensions.upstreams.http.v3.HttpProtocolOptions"
_CONNECT_TIMEOUT = "5s"


class Speaks(Enum):
    HTTP1 = "http_protocol_options"
    HTTP2 = "http2_protocol_options"
    TCP = ""


@dataclass(frozen=True, slots=True)
class Tls:
    """The certificates of one side."""

    folder: Path
    peer: str
    """The only name that the other side may have."""
    alpn: str
    """What is spoken between the two, or empty."""

    def context(self) -> dict[str, Any]:
        chain, key, roots = ({"filename": str(self.folder / f"{name}.pem")} for name in ("chain", "key", "roots"))
        names = [{"san_type": "DNS", "matcher": {"exact": self.peer}}]
        return {
            "tls_params": {"tls_minimum_protocol_version": "TLSv1_3", "tls_maximum_protocol_version": "TLSv1_3"},
            "tls_certificates": [{"certificate_chain": chain, "private_key": key}],
            "validation_context": {"trusted_ca": roots, "match_typed_subject_alt_names": names},
            "alpn_protocols": [self.alpn] if self.alpn else [],
        }


@dataclass(frozen=True, slots=True)
class Leg:
    """What one Envoy takes from one port to another address. Which HTTP comes in is detected."""

    listen: tuple[str, int]
    target: tuple[str, int]
    speaks: Speaks
    """What the target is spoken to with."""


def client(legs: Sequence[Leg], tls: Tls) -> str:
    """The Envoy beside the client: plain in, TLS out."""
    socket = _typed("extensions.transport_sockets.tls.v3.UpstreamTlsContext", common_tls_context=tls.context())
    socket["sni"] = tls.peer
    return _configuration(legs, outgoing=socket)


def server(legs: Sequence[Leg], tls: Tls) -> str:
    """The Envoy beside the server: TLS in, plain out; a client has to have a certificate."""
    socket = _typed("extensions.transport_sockets.tls.v3.DownstreamTlsContext", common_tls_context=tls.context())
    socket["require_client_certificate"] = True
    return _configuration(legs, incoming=socket)


def _configuration(
    legs: Sequence[Leg], incoming: dict[str, Any] | None = None, outgoing: dict[str, Any] | None = None
) -> str:
    listeners = [_listener(f"leg-{number}", leg, incoming) for number, leg in enumerate(legs)]
    clusters = [_cluster(f"leg-{number}", leg, outgoing) for number, leg in enumerate(legs)]
    # Anchors would be as good, but nobody could read them.
    dumper = yaml.SafeDumper
    dumper.ignore_aliases = lambda *_: True  # type: ignore[method-assign]
    return yaml.dump({"static_resources": {"listeners": listeners, "clusters": clusters}}, Dumper=dumper)


def _listener(name: str, leg: Leg, tls: dict[str, Any] | None) -> dict[str, Any]:
    stream = _typed(_TCP, stat_prefix=name, cluster=name)
    carrier = stream if leg.speaks is Speaks.TCP else _manager(name)
    chain: dict[str, Any] = {"filters": [{"name": "carrier", "typed_config": carrier}]}
    if tls is not None:
        chain["transport_socket"] = {"name": "tls", "typed_config": tls}
    return {"name": name, "address": _address(leg.listen), "filter_chains": [chain]}


def _manager(name: str) -> dict[str, Any]:
    route = {"match": {"prefix": "/"}, "route": {"cluster": name, "timeout": "0s"}}
    return _typed(
        _MANAGER,
        stat_prefix=name,
        route_config={"virtual_hosts": [{"name": name, "domains": ["*"], "routes": [route]}]},
        http_filters=[
            {"name": "router", "typed_config": _typed("extensions.filters.http.router.v3.Router")},
        ],
    )


def _cluster(name: str, leg: Leg, tls: dict[str, Any] | None) -> dict[str, Any]:
    endpoint = {"endpoint": {"address": _address(leg.target)}}
    cluster: dict[str, Any] = {
        "name": name,
        "type": "STATIC",
        "connect_timeout": _CONNECT_TIMEOUT,
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [endpoint]}]},
    }
    if leg.speaks is not Speaks.TCP:
        options = _typed(_OPTIONS, explicit_http_config={leg.speaks.value: {}})
        cluster["typed_extension_protocol_options"] = {f"envoy.{_OPTIONS}": options}
    if tls is not None:
        cluster["transport_socket"] = {"name": "tls", "typed_config": tls}
    return cluster


def _address(address: tuple[str, int]) -> dict[str, Any]:
    return {"socket_address": {"address": address[0], "port_value": address[1]}}


def _typed(name: str, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - a tree of plain values
    return {"@type": f"{_TYPES}.{name}", **fields}
