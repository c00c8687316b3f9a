"""The data planes to compare, all between the same two network namespaces and in front of the same nginx."""

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench import envoy, inside
from bench.certificates import CLIENT, SERVER
from bench.mesh import DIRECT, HTTP1, HTTP2, RELAYED, SERVICE, Mesh
from bench.needs import Tools
from bench.processes import PROXY_CORE, Processes, in_network_of

LOOPBACK = "127.0.0.1"
BEHIND = {False: HTTP1, True: HTTP2}
"""nginx's ports for the planes' servers, by whether they speak HTTP/2."""
NONE, RELAY, HAUBERK, ENVOY_HTTP2, ENVOY_HTTP1 = "none", "relay", "hauberk", "envoy-http2", "envoy-http1"
NAMES = (NONE, RELAY, HAUBERK, ENVOY_HTTP2, ENVOY_HTTP1)
ENVOYS = (ENVOY_HTTP2, ENVOY_HTTP1)


@dataclass(frozen=True, slots=True)
class Way:
    """How a client reaches nginx by one protocol."""

    address: str
    """HOST:PORT, in the client's network."""
    pair: tuple[int, ...]
    """The two proxies' process ids; empty where there are none."""


@dataclass(frozen=True, slots=True)
class Plane:
    name: str
    ways: Mapping[bool, Way]
    """By whether the client speaks HTTP/2; a plane may serve one of them only."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where the planes other than Hauberk are built."""

    processes: Processes
    mesh: Mesh
    certificates: Path
    relay: Path
    envoy: Path

    def start(self, name: str, beside: int, argv: list[str]) -> int:
        """A proxy beside a workload: in its network, as the uid that is not redirected, on the proxies' core."""
        return self.processes.start(name, in_network_of(beside, argv, core=PROXY_CORE, as_proxy=True))


def build(name: str, site: Site) -> Plane:
    """Starts the plane's proxies, unless they are there already."""
    mesh = site.mesh
    if name == NONE:
        return Plane(name, {http2: Way(f"{mesh.server_ip}:{port}", ()) for http2, port in DIRECT.items()})
    if name == HAUBERK:
        return Plane(name, {http2: Way(f"{mesh.service_ip}:{port}", mesh.proxies) for http2, port in SERVICE.items()})
    if name == RELAY:
        return Plane(name, {http2: _relay(site, http2=http2) for http2 in (False, True)})
    return _envoy(name, site)


def open_to_all(tools: Tools) -> tuple[Path, Path]:
    """The relay and Envoy where the proxies' uid can reach them, whatever folder the checkout is in."""
    folder = inside.FOLDER / "bin"
    folder.mkdir()
    relay = Path(shutil.copy(tools.relay, folder / "relay"))
    seen = folder / "envoy"
    seen.touch()
    subprocess.run(["mount", "--bind", str(tools.envoy), str(seen)], check=True)
    return relay, seen


def _relay(site: Site, *, http2: bool) -> Way:
    """A pair for each protocol, as it has one target only; it does not look at what it carries."""
    near, far = RELAYED.start + http2, RELAYED.start + 10 + http2
    command = str(site.relay)
    unwrap = [command, "unwrap", f"0.0.0.0:{far}", f"{LOOPBACK}:{BEHIND[http2]}", str(site.certificates / SERVER)]
    target = f"{site.mesh.server_ip}:{far}"
    wrap = [command, "wrap", f"{LOOPBACK}:{near}", target, str(site.certificates / CLIENT), SERVER]
    label = 2 if http2 else 1
    pair = (
        site.start(f"relay-client-http{label}", site.mesh.client, wrap),
        site.start(f"relay-server-http{label}", site.mesh.server, unwrap),
    )
    return Way(f"{LOOPBACK}:{near}", pair)


def _envoy(name: str, site: Site) -> Plane:
    """With HTTP/2 between it serves both protocols; with HTTP/1 between only HTTP/1 is of interest."""
    between = name == ENVOY_HTTP2
    protocols = (False, True) if between else (False,)
    first = RELAYED.start + (20 if between else 40)
    near = {http2: first + http2 for http2 in protocols}
    far = {http2: first + 10 + http2 for http2 in protocols}
    client = [envoy.Leg((LOOPBACK, near[p]), (site.mesh.server_ip, far[p]), http2=between) for p in protocols]
    server = [envoy.Leg(("0.0.0.0", far[p]), (LOOPBACK, BEHIND[p]), http2=p) for p in protocols]  # noqa: S104
    tls = {mine: envoy.Tls(site.certificates / mine, other, between) for mine, other in _EACH_OTHER}
    configurations = {CLIENT: envoy.client(client, tls[CLIENT]), SERVER: envoy.server(server, tls[SERVER])}
    pids = {}
    for side, beside in ((CLIENT, site.mesh.client), (SERVER, site.mesh.server)):
        title = f"{name}-{side.partition('.')[0]}"
        path = inside.FOLDER / f"{title}.yaml"
        path.write_text(configurations[side])
        command = [str(site.envoy), "--config-path", str(path), "--concurrency", "1", "--disable-hot-restart"]
        pids[side] = site.start(title, beside, [*command, "--log-level", "error"])
    pair = (pids[CLIENT], pids[SERVER])
    return Plane(name, {http2: Way(f"{LOOPBACK}:{port}", pair) for http2, port in near.items()})


_EACH_OTHER = ((CLIENT, SERVER), (SERVER, CLIENT))
