"""A client and a server, each beside a real proxy of ours, under a control plane of another make."""

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from meshkit.bare import PROXY_UID, Host, Net, Proxy, listening
from meshkit.contract import VIRTUAL_IP, WEB, World
from meshkit.foreign import MESH, Answers, ControlPlane, identity, key_files
from meshkit.http import Http
from meshkit.messages import NAMES
from meshkit.start import BUILT, PROGRAMS

CLIENT_IP, SERVER_IP = "10.99.0.1", "10.99.0.2"
NETWORKS = "10.0.0.0/8,fd98::/64,fd99::/64"
PORTS = {80: 8080, 9002: 9002, 9004: 9004, 50051: 50051}
HOST = WEB


@dataclass
class Pair:
    plane: ControlPlane
    client: Host
    server: Host
    client_proxy: Proxy
    server_proxy: Proxy
    server_key: ec.EllipticCurvePublicKey

    def http(self, port: int = 80, ip: str = VIRTUAL_IP) -> Http:
        return self.client.http(HOST, (ip, port))


def world(**changes: object) -> World:
    """The port 9002 is opaque; 9004 is for the account `admin` alone."""
    usual: dict[str, object] = {"ports": PORTS, "opaque": frozenset({9002}), "only": {9004: "admin"}}
    return World(server_ip=SERVER_IP, **{**usual, **changes})  # type: ignore[arg-type]


@contextmanager
def a_pair(settings: Mapping[str, str] | None = None, answers: World | None = None) -> Iterator[Pair]:
    """`settings`: variables of both proxies, without their prefix."""
    with a_plane(answers or world()) as (net, plane):
        client, server = net.host("client", CLIENT_IP), net.host("web", SERVER_IP)
        serve(server)
        client_proxy, _ = proxy_beside(client, plane, settings)
        server_proxy, key = proxy_beside(server, plane, settings)
        yield Pair(plane, client, server, client_proxy.ready(), server_proxy.ready(), key)


@contextmanager
def a_plane(answers: Answers) -> Iterator[tuple[Net, ControlPlane]]:
    """The control plane alone, and the network that hosts join."""
    os.environ.setdefault("HAUBERK_PROXY_BINARY", str(BUILT))
    root = Path(tempfile.mkdtemp(prefix="hb-pair-"))
    root.chmod(0o711)
    try:
        with Net(root) as net, ControlPlane(net.hub, answers) as plane:
            yield net, plane
    finally:
        shutil.rmtree(root)


def serve(host: Host) -> None:
    """Start programs/server.py there, and wait until it listens."""
    host.start("program.log", sys.executable, str(PROGRAMS / "server.py"))
    for port in PORTS.values():
        listening(host, port)


def proxy_beside(
    host: Host, plane: ControlPlane, settings: Mapping[str, str] | None = None
) -> tuple[Proxy, ec.EllipticCurvePublicKey]:
    """A proxy that has just been started, and the key of which its certificate will be."""
    key = key_files_of(host)
    return Proxy(host, {**proxy_settings(plane, host), **(settings or {})}), key


def key_files_of(host: Host) -> ec.EllipticCurvePublicKey:
    return key_files(_identity_dir(host), identity(host.name))


def _identity_dir(host: Host) -> Path:
    directory = host.directory / "identity"
    directory.mkdir()
    return directory


def proxy_settings(plane: ControlPlane, host: Host) -> dict[str, str]:
    """What its injector would give (names without the prefix)."""
    directory = host.directory / "identity"
    token = f"token of {host.name}"
    (directory / "token").write_text(token)
    for file in (directory, *directory.iterdir()):
        os.chown(file, PROXY_UID, PROXY_UID)
    plane.tokens[token.encode()] = identity(host.name)
    workload = {"ns": "default", "pod": f"{host.name}-1"}
    return {
        **plane.environment(),
        "IDENTITY_DIR": str(directory),
        "IDENTITY_LOCAL_NAME": identity(host.name),
        "IDENTITY_TOKEN_FILE": str(directory / "token"),
        "POLICY_WORKLOAD": json.dumps(workload),
        "DESTINATION_CONTEXT": json.dumps({**workload, "nodeName": "node"}),
        "DESTINATION_PROFILE_NETWORKS": NETWORKS,
        "DESTINATION_PROFILE_SUFFIXES": f"{NAMES}.",
        "POLICY_CLUSTER_NETWORKS": NETWORKS,
        "INBOUND_IPS": ",".join(filter(None, (host.ip, host.ip6))),
        "INBOUND_PORTS": ",".join(map(str, PORTS.values())) if host.name == "web" else "",
        "INBOUND_DEFAULT_POLICY": "all-unauthenticated",
        "CONTROL_STREAM_INITIAL_TIMEOUT": "3s",
        "CONTROL_STREAM_IDLE_TIMEOUT": "5m",
        "CONTROL_STREAM_LIFETIME": "1h",
        "INBOUND_CONNECT_TIMEOUT": "100ms",
        "LOG": f"warn,linkerd=info,{MESH}=info",
    }
