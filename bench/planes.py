"""The data planes to compare, all between the same two network namespaces and in front of the same servers."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench import distance, envoy, inside, ports
from bench.cases import LOADED, SMALL, Case, Protocol
from bench.certificates import CLIENT, SERVER
from bench.mesh import Mesh
from bench.ports import LOOPBACK
from bench.processes import PROXY_CORE, Processes, in_network_of

NONE, RELAY, HAUBERK = "none", "relay", "hauberk"
ENVOY_HTTP2, ENVOY_HTTP1, ENVOY_TCP = "envoy-http2", "envoy-http1", "envoy-tcp"
ENVOYS = (ENVOY_HTTP2, ENVOY_HTTP1, ENVOY_TCP)
NAMES = (NONE, RELAY, HAUBERK, *ENVOYS)
TWO_WORKERS = "hauberk-2"
"""Hauberk with two workers in each proxy; only for the question what a second one costs."""
WORKERS_CASE = Case(Protocol.HTTP1, SMALL, LOADED)
_HTTP = (Protocol.HTTP1, Protocol.HTTP2, Protocol.GRPC)
_CARRIES = {ENVOY_HTTP2: _HTTP, ENVOY_HTTP1: (Protocol.HTTP1,), ENVOY_TCP: (Protocol.TCP,)}
_ALPN = {ENVOY_HTTP2: "h2", ENVOY_HTTP1: "http/1.1", ENVOY_TCP: ""}
_BETWEEN = {
    ENVOY_HTTP2: envoy.Speaks.HTTP2,
    ENVOY_HTTP1: envoy.Speaks.HTTP1,
    ENVOY_TCP: envoy.Speaks.TCP,
}
_SERVER_SPEAKS = {
    Protocol.HTTP1: envoy.Speaks.HTTP1,
    Protocol.HTTP2: envoy.Speaks.HTTP2,
    Protocol.GRPC: envoy.Speaks.HTTP2,
    Protocol.TCP: envoy.Speaks.TCP,
}


@dataclass(frozen=True, slots=True)
class Way:
    """How a client reaches a server."""

    address: str
    """HOST:PORT, in the client's network."""
    client: int
    """A process in that network."""
    pair: tuple[int, ...]
    """The process ids of the proxies, the client's first; empty where there are none."""


@dataclass(frozen=True, slots=True)
class Plane:
    name: str
    ways: Mapping[Protocol, Way]
    """A plane may carry some protocols only."""
    opaque: Way | None = None
    """To an HTTP/1 server, unread, where that is another way than with HTTP/1."""
    far: Way | None = None
    """To an HTTP/1 server a long way off."""
    only: Case | None = None
    """The one case that it is for."""

    def serves(self, case: Case) -> bool:
        return case.protocol in self.ways and self.only in {None, case}


@dataclass(frozen=True, slots=True)
class Site:
    """Where the planes are built."""

    processes: Processes
    mesh: Mesh
    certificates: Path

    def start(self, name: str, beside: int, argv: list[str]) -> int:
        """A proxy beside a workload: in its network, as the uid that is not redirected, on the proxies' core."""
        return self.processes.start(name, in_network_of(beside, argv, core=PROXY_CORE, as_proxy=True))


def build(name: str, site: Site) -> Plane:
    """Starts the plane's proxies, unless they are there already."""
    if name == NONE:
        return _none(site)
    if name == HAUBERK:
        return _hauberk(site)
    if name == RELAY:
        return _relay(site)
    return _envoy(name, site)


def with_two_workers(mesh: Mesh) -> Plane:
    """`mesh` is a pair of workloads whose proxies have two workers."""
    way = Way(f"{mesh.service_ip}:{ports.SERVICE[Protocol.HTTP1]}", mesh.client, mesh.proxies)
    return Plane(TWO_WORKERS, {Protocol.HTTP1: way}, only=WORKERS_CASE)


def _none(site: Site) -> Plane:
    mesh = site.mesh
    ways = {p: Way(f"{mesh.server_ip}:{port}", mesh.client, ()) for p, port in ports.DIRECT.items()}
    distance.lay(site.processes, mesh.client, ports.FAR_DIRECT, ways[Protocol.HTTP1].address)
    return Plane(NONE, ways, far=Way(f"{LOOPBACK}:{ports.FAR_DIRECT}", mesh.client, ()))


def _hauberk(site: Site) -> Plane:
    mesh = site.mesh
    distance.lay(site.processes, mesh.client, ports.FAR_MESH_WAY, f"{mesh.server_ip}:{ports.INBOUND}")

    def way(port: int) -> Way:
        return Way(f"{mesh.service_ip}:{port}", mesh.client, mesh.proxies)

    ways = {protocol: way(port) for protocol, port in ports.SERVICE.items()}
    return Plane(HAUBERK, ways, opaque=way(ports.OPAQUE), far=way(ports.FAR))


def _relay(site: Site) -> Plane:
    """A pair for each protocol, as it has one target only; it does not look at what it carries."""
    mesh = site.mesh
    command, near, far = str(inside.BIN / "relay"), {}, {}

    def wrap(title: str, listen: int, target: str) -> int:
        files = str(site.certificates / CLIENT)
        return site.start(title, mesh.client, [command, "wrap", f"{LOOPBACK}:{listen}", target, files, SERVER])

    for protocol in Protocol:
        listen, between = ports.relay(protocol)
        title, target = protocol.value, f"{LOOPBACK}:{ports.BEHIND[protocol]}"
        unwrap = [command, "unwrap", f"0.0.0.0:{between}", target, str(site.certificates / SERVER)]
        far[protocol] = site.start(f"relay-server-{title}", mesh.server, unwrap)
        near[protocol] = wrap(f"relay-client-{title}", listen, f"{mesh.server_ip}:{between}")
    ways = {p: Way(f"{LOOPBACK}:{ports.relay(p)[0]}", mesh.client, (near[p], far[p])) for p in Protocol}

    distance.lay(site.processes, mesh.client, ports.FAR_RELAY_WAY, f"{mesh.server_ip}:{ports.relay(Protocol.HTTP1)[1]}")
    distant = wrap("relay-client-far", ports.FAR_RELAY, f"{LOOPBACK}:{ports.FAR_RELAY_WAY}")
    pair = (distant, far[Protocol.HTTP1])
    return Plane(RELAY, ways, far=Way(f"{LOOPBACK}:{ports.FAR_RELAY}", mesh.client, pair))


def _envoy(name: str, site: Site) -> Plane:
    """With HTTP/2 between it carries all of HTTP; with HTTP/1 between only HTTP/1 is of interest."""
    mesh, protocols = site.mesh, _CARRIES[name]
    listen = {p: ports.envoy(ENVOYS.index(name), p) for p in protocols}
    client = [envoy.Leg((LOOPBACK, near), (mesh.server_ip, far), _BETWEEN[name]) for near, far in listen.values()]
    server = [
        envoy.Leg(("0.0.0.0", listen[p][1]), (LOOPBACK, ports.BEHIND[p]), _SERVER_SPEAKS[p])  # noqa: S104
        for p in protocols
    ]
    tls = {mine: envoy.Tls(site.certificates / mine, other, _ALPN[name]) for mine, other in _EACH_OTHER}
    configurations = {CLIENT: envoy.client(client, tls[CLIENT]), SERVER: envoy.server(server, tls[SERVER])}
    pids = []
    for side, beside in ((CLIENT, mesh.client), (SERVER, mesh.server)):
        title = f"{name}-{side.partition('.')[0]}"
        written = inside.FOLDER / f"{title}.yaml"
        written.write_text(configurations[side])
        command = [str(inside.BIN / "envoy"), "--config-path", str(written), "--concurrency", "1"]
        pids.append(site.start(title, beside, [*command, "--disable-hot-restart", "--log-level", "error"]))
    return Plane(name, {p: Way(f"{LOOPBACK}:{near}", mesh.client, tuple(pids)) for p, (near, _) in listen.items()})


_EACH_OTHER = ((CLIENT, SERVER), (SERVER, CLIENT))
