"""The table of settings: one entry each, from which variables, flags, errors and the reference page come."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hauberk.config import values


@dataclass(frozen=True)
class Setting:
    """One setting. The variable is HAUBERK_NAME, the flag --name, both after `name` in kebab case."""

    name: str
    read: Callable[[str], Any]
    """Text → value; raises ValueError, whose text says what is allowed."""
    default: str
    """As text, or empty: none, or it depends on other settings, as `doc` says."""
    doc: str
    """One sentence: the meaning."""
    unit: str = ""

    @property
    def env(self) -> str:
        return "HAUBERK_" + self.name.upper().replace("-", "_")

    @property
    def flag(self) -> str:
        return "--" + self.name


class SettingInvalid(Exception):
    """A setting has a value that makes no sense, alone or beside the others."""

    def __init__(self, setting: str, value: object, allowed: str) -> None:
        """`setting` as the person wrote it: a variable or a flag."""
        super().__init__(f"{setting}={value}: must be {allowed}")
        self.setting = setting
        self.value = str(value)
        self.allowed = allowed


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "state-dir",
        values.path,
        "",
        "The directory of the store and of the authority's keys: /var/lib/hauberk for root, else "
        "$XDG_STATE_HOME/hauberk.",
    ),
    Setting(
        "runtime-dir",
        values.path,
        "",
        "The directory of sockets: /run/hauberk for root, else in $XDG_RUNTIME_DIR.",
    ),
    Setting("socket", values.path, "", "The socket of the resource API: api.sock in the runtime directory."),
    Setting("pod-network", values.workload_network, "10.77.0.0/16", "The addresses of workloads.", "IPv4 network"),
    Setting("service-network", values.workload_network, "10.78.0.0/16", "The virtual addresses.", "IPv4 network"),
    Setting(
        "cluster-networks",
        values.networks,
        "",
        "Addresses that belong to the mesh: those of workloads and services.",
        "networks, with commas between",
    ),
    Setting("bridge", values.interface, "hauberk0", "The network interface that joins the workloads."),
    Setting("gateway", values.address, "", "The bridge's address: the first for workloads.", "IPv4 address"),
    Setting(
        "proxy-api-listen",
        values.listen,
        "",
        "Where the front proxy listens for proxies: port 8086 of the gateway.",
        "ADDRESS:PORT",
    ),
    Setting("mesh-namespace", values.label, "hauberk", "The namespace of the control plane; part of all identities."),
    Setting("trust-domain", values.domain, "cluster.local", "The last part of all identities."),
    Setting("cluster-domain", values.domain, "cluster.local", "The last part of all services' names."),
    Setting(
        "default-inbound-policy",
        values.inbound_policy,
        "all-unauthenticated",
        "Who may talk to a port that no Server selects.",
    ),
    Setting(
        "opaque-ports",
        values.ports,
        "25,587,3306,4444,5432,6379,9300,11211",
        "Ports whose protocol is not detected, because the server speaks first.",
        "ports and ranges, with commas between",
    ),
    Setting(
        "probe-networks",
        values.networks,
        "0.0.0.0/0,::/0",
        "From where the HTTP probes of a workload are always let in.",
        "networks, with commas between",
    ),
    Setting("leaf-lifetime", values.duration, "24h", "The lifetime of a workload's certificate.", "duration"),
    Setting("issuer-lifetime", values.duration, "1y", "The lifetime of the issuer's certificate.", "duration"),
    Setting("root-lifetime", values.duration, "10y", "The lifetime of the root's certificate.", "duration"),
    Setting("renew-at", values.part, "0.7", "The part of its lifetime after which the issuer is renewed."),
    Setting("clock-skew", values.duration, "20s", "How far the clocks of machines may differ.", "duration"),
    Setting("identity-trust-anchors-file", values.path, "", "Roots of an authority of one's own, as PEM."),
    Setting("identity-issuer-certificate-file", values.path, "", "The issuer's certificate, as PEM."),
    Setting("identity-issuer-key-file", values.path, "", "The issuer's key, as PEM."),
    Setting("lease", values.duration, "10s", "How long a workload lasts of which nothing is heard.", "duration"),
    Setting("token-ttl", values.duration, "1h", "How long a workload's token is valid.", "duration"),
    Setting(
        "proxy-admin-listen",
        values.listen,
        "127.0.0.1:4191",
        "Where the front proxy shows its metrics.",
        "ADDRESS:PORT",
    ),
    Setting("log-level", values.log_level, "info", "From which level on is logged: debug, info, warning or error."),
    Setting("heartbeat", values.duration, "5s", "How often a proxy's view is confirmed.", "duration"),
)

_BY_NAME = {setting.name: setting for setting in SETTINGS}


def read(
    environ: Mapping[str, str], overrides: Mapping[str, str], settings: Sequence[Setting] = SETTINGS
) -> dict[str, Any]:
    """Return the value of each of the settings by name; None where there is none and no default.

    `overrides` (flags, by name) come before `environ` (variables), and an empty text is as good as none. Raises
    SettingInvalid.
    """
    for name in overrides:
        if name not in _BY_NAME:
            raise KeyError(f"there is no setting {name}")
    return {setting.name: _value(setting, environ, overrides) for setting in settings}


def written(name: str, overrides: Mapping[str, str]) -> str:
    """Return a setting as the person wrote it, or would: the flag if it was given, else the variable."""
    return _written(_BY_NAME[name], overrides)


def _written(setting: Setting, overrides: Mapping[str, str]) -> str:
    return setting.flag if overrides.get(setting.name) else setting.env


def _value(setting: Setting, environ: Mapping[str, str], overrides: Mapping[str, str]) -> Any:  # noqa: ANN401 - by setting
    text = overrides.get(setting.name) or environ.get(setting.env) or setting.default
    if not text:
        return None
    try:
        return setting.read(text)
    except ValueError as error:
        raise SettingInvalid(_written(setting, overrides), text, str(error)) from None
