"""The settings of the control plane's containers on Kubernetes; the chart gives them as variables."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from hauberk.config import values
from hauberk.config.groups import IPNetwork, Mesh, Streams
from hauberk.config.load import mesh_of
from hauberk.config.settings import SETTINGS, Setting, read

_SHARED = (
    "mesh-namespace",
    "trust-domain",
    "cluster-domain",
    "default-inbound-policy",
    "opaque-ports",
    "probe-networks",
    "leaf-lifetime",
    "issuer-lifetime",
    "root-lifetime",
    "renew-at",
    "clock-skew",
    "heartbeat",
    "log-level",
)
_OWN = (
    Setting("runtime-dir", values.path, "/run/hauberk", "The directory of the sockets, shared with the front proxy."),
    Setting("state-dir", values.path, "/var/run/hauberk", "A directory in memory for the authority's files."),
    Setting(
        "cluster-networks",
        values.networks,
        "10.0.0.0/8,100.64.0.0/10,172.16.0.0/12,192.168.0.0/16,fd00::/8",
        "Addresses of pods, services and nodes.",
        "networks, with commas between",
    ),
    Setting(
        "fellow-meshes",
        values.labels,
        "",
        "Namespaces of other control planes with the same trust anchors and trust domain.",
        "names, with commas between",
    ),
    Setting("issuer-scheme", values.issuer_scheme, "generated", "Who makes root and issuer."),
    Setting("external-ca", values.boolean, "false", "Whether the ConfigMap of the roots is somebody else's."),
    Setting("admin-port", values.port, "9990", "Where probes and metrics are answered.", "port"),
    Setting("webhook-port", values.port, "8443", "Where the API server asks.", "port"),
)
CONTROLLER: tuple[Setting, ...] = (*_OWN, *(setting for setting in SETTINGS if setting.name in _SHARED))


@dataclass(frozen=True, kw_only=True)
class Lives:
    """How long certificates last."""

    leaf: timedelta
    issuer: timedelta
    root: timedelta
    renew_at: float
    clock_skew: timedelta


@dataclass(frozen=True, kw_only=True)
class Controller:
    """What each of the three containers is told; none needs all of it."""

    mesh: Mesh
    cluster_networks: tuple[IPNetwork, ...]
    lives: Lives
    streams: Streams
    issuer_scheme: str
    external_ca: bool
    runtime_dir: Path
    state_dir: Path
    admin_port: int
    webhook_port: int
    log_level: str

    @property
    def proxy_socket(self) -> Path:
        """The proxy API, plain HTTP/2, for the front proxy only."""
        return self.runtime_dir / "proxy.sock"

    @property
    def private_dir(self) -> Path:
        """What nobody else may read. A volume itself can be written by everybody."""
        return self.state_dir / "private"

    @property
    def authority_socket(self) -> Path:
        """The authority, for this container only."""
        return self.private_dir / "authority.sock"


def load_controller(environ: Mapping[str, str]) -> Controller:
    """Raises SettingInvalid."""
    found = read(environ, {}, CONTROLLER)
    return Controller(
        mesh=replace(mesh_of(found), fellows=found["fellow-meshes"] or ()),
        cluster_networks=found["cluster-networks"],
        lives=Lives(
            leaf=found["leaf-lifetime"],
            issuer=found["issuer-lifetime"],
            root=found["root-lifetime"],
            renew_at=found["renew-at"],
            clock_skew=found["clock-skew"],
        ),
        streams=Streams(heartbeat=found["heartbeat"]),
        issuer_scheme=found["issuer-scheme"],
        external_ca=found["external-ca"],
        runtime_dir=found["runtime-dir"],
        state_dir=found["state-dir"],
        admin_port=found["admin-port"],
        webhook_port=found["webhook-port"],
        log_level=found["log-level"],
    )
