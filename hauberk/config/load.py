"""Settings → checked groups of values. Pure: the environment and the user's id are arguments."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

from hauberk.config.duration import show_duration
from hauberk.config.groups import Authority, Config, Enrollment, Mesh, Network, Paths, Streams
from hauberk.config.settings import SettingInvalid, read, written

PROXY_API_PORT = 8086
"""Linkerd's."""

_SOCKET_BYTES_MAX = 107
"""Of `sun_path` (unix(7)), without the NUL."""
_LONGEST_SOCKET = "authority.sock"

Blame = Callable[[str, object, str], SettingInvalid]
"""Setting, value, what is allowed → the error."""


def load(environ: Mapping[str, str], overrides: Mapping[str, str], *, uid: int) -> Config:
    """Return the configuration of the control plane of the user `uid`; raises SettingInvalid.

    `overrides` are flags by the name of the setting, as text.
    """
    values = read(environ, overrides)

    def blame(name: str, value: object, allowed: str) -> SettingInvalid:
        shown = show_duration(value) if isinstance(value, timedelta) else value
        return SettingInvalid(written(name, overrides), shown, allowed)

    return Config(
        paths=_paths(values, environ, uid, blame),
        network=_network(values, blame),
        mesh=mesh_of(values),
        authority=_authority(values, blame),
        enrollment=_enrollment(values, blame),
        streams=Streams(heartbeat=values["heartbeat"]),
        log_level=values["log-level"],
    )


def mesh_of(values: Mapping[str, Any]) -> Mesh:
    """`values` by the names of settings."""
    return Mesh(
        namespace=values["mesh-namespace"],
        trust_domain=values["trust-domain"],
        cluster_domain=values["cluster-domain"],
        default_inbound_policy=values["default-inbound-policy"],
        opaque_ports=values["opaque-ports"],
        probe_networks=values["probe-networks"],
    )


def _paths(values: Mapping[str, Any], environ: Mapping[str, str], uid: int, blame: Blame) -> Paths:
    state_dir = values["state-dir"] or _state_dir(environ, uid)
    runtime_dir = values["runtime-dir"] or _runtime_dir(environ, uid)
    paths = Paths(state_dir=state_dir, runtime_dir=runtime_dir, socket=values["socket"] or runtime_dir / "api.sock")
    for name, path in (("socket", paths.socket), ("runtime-dir", runtime_dir / _LONGEST_SOCKET)):
        if len(bytes(path)) > _SOCKET_BYTES_MAX:
            allowed = f"shorter: the path of a Unix socket has at most {_SOCKET_BYTES_MAX} bytes"
            raise blame(name, path if name == "socket" else runtime_dir, allowed)
    return paths


def _state_dir(environ: Mapping[str, str], uid: int) -> Path:
    if uid == 0:
        return Path("/var/lib/hauberk")
    if environ.get("XDG_STATE_HOME", "").startswith("/"):  # a relative one is to be ignored (XDG base directories)
        return Path(environ["XDG_STATE_HOME"]) / "hauberk"
    home = environ.get("HOME", "")
    if not home.startswith("/"):
        raise SettingInvalid("HAUBERK_STATE_DIR", "", "set: there is no HOME to keep state in")
    return Path(home) / ".local" / "state" / "hauberk"


def _runtime_dir(environ: Mapping[str, str], uid: int) -> Path:
    if uid == 0:
        return Path("/run/hauberk")
    if not environ.get("XDG_RUNTIME_DIR", "").startswith("/"):
        raise SettingInvalid("HAUBERK_RUNTIME_DIR", "", "set: there is no XDG_RUNTIME_DIR for sockets")
    return Path(environ["XDG_RUNTIME_DIR"]) / "hauberk"


def _network(values: Mapping[str, Any], blame: Blame) -> Network:
    pods: IPv4Network = values["pod-network"]
    services: IPv4Network = values["service-network"]
    if pods.overlaps(services):
        raise blame("service-network", services, f"apart from the workloads' network, {pods}")
    gateway: IPv4Address = values["gateway"] or pods.network_address + 1
    if gateway not in pods or gateway in (pods.network_address, pods.broadcast_address):
        raise blame("gateway", gateway, f"an address of a host in the workloads' network, {pods}")
    cluster = values["cluster-networks"] or (pods, services)
    for network in (pods, services):
        if not any(isinstance(of, IPv4Network) and network.subnet_of(of) for of in cluster):
            shown = ",".join(map(str, cluster))
            raise blame("cluster-networks", shown, f"networks that contain {network}, which belongs to the mesh")
    address, port = values["proxy-api-listen"] or (gateway, PROXY_API_PORT)
    return Network(
        pod_network=pods,
        service_network=services,
        cluster_networks=cluster,
        bridge=values["bridge"],
        gateway=gateway,
        proxy_api_address=address,
        proxy_api_port=port,
        proxy_admin_address=values["proxy-admin-listen"][0],
        proxy_admin_port=values["proxy-admin-listen"][1],
    )


def _authority(values: Mapping[str, Any], blame: Blame) -> Authority:
    leaf, issuer, root = (values[f"{of}-lifetime"] for of in ("leaf", "issuer", "root"))
    if leaf >= issuer:
        raise blame("leaf-lifetime", leaf, f"shorter than the issuer's lifetime, {show_duration(issuer)}")
    if issuer >= root:
        raise blame("issuer-lifetime", issuer, f"shorter than the root's lifetime, {show_duration(root)}")
    files = ("identity-trust-anchors-file", "identity-issuer-certificate-file", "identity-issuer-key-file")
    missing = [name for name in files if values[name] is None]
    if 0 < len(missing) < len(files):
        given = next(name for name in files if values[name] is not None)
        raise blame(missing[0], "", f"given together with {written(given, {})}")
    return Authority(
        leaf_lifetime=leaf,
        issuer_lifetime=issuer,
        root_lifetime=root,
        renew_at=values["renew-at"],
        clock_skew=values["clock-skew"],
        trust_anchors_file=values["identity-trust-anchors-file"],
        issuer_certificate_file=values["identity-issuer-certificate-file"],
        issuer_key_file=values["identity-issuer-key-file"],
    )


def _enrollment(values: Mapping[str, Any], blame: Blame) -> Enrollment:
    lease: timedelta = values["lease"]
    token_ttl: timedelta = values["token-ttl"]
    if lease < timedelta(seconds=2):
        raise blame("lease", lease, "at least 2s: reports come every few seconds")
    if token_ttl < timedelta(minutes=1):
        raise blame("token-ttl", token_ttl, "at least 1m: a runner has to have time to ask for the next one")
    return Enrollment(lease=lease, token_ttl=token_ttl)
