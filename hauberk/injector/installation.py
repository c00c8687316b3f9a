"""The installation that proxies belong to: its values as defaults of annotations, and its control plane. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256

import msgspec
import yaml

from hauberk import __version__
from hauberk.config.chart import Values
from hauberk.injector.literal import literal
from hauberk.sidecar import keys
from hauberk.sidecar.environment import Home, Service
from hauberk.sidecar.table import TABLE

CREATED_BY = f"hauberk/proxy-injector {__version__}"


class ValuesInvalid(Exception):
    """A value makes no sense; the message names it as it is written in a file of values."""


@dataclass(frozen=True, kw_only=True)
class Installation:
    """Made by `installed`."""

    values: Values
    namespace: str
    trust_anchors: str
    """PEM."""
    created_by: str
    defaults: Mapping[str, str]
    """By the keys of annotations."""
    home: Home
    trust_root: str
    """The fingerprint that `check` compares: SHA-256 of the PEM text."""

    @property
    def trust_domain(self) -> str:
        return self.values.identity_trust_domain or self.values.cluster_domain


def values_in(text: str) -> Values:
    """Those that the ConfigMap `linkerd-config` keeps under `values`: all of them, in YAML. Raises ValuesInvalid."""
    try:
        return msgspec.convert(yaml.load(text, Loader=yaml.CSafeLoader) or {}, Values)
    except (yaml.YAMLError, msgspec.ValidationError) as error:
        raise ValuesInvalid(str(error)) from None


def installed(values: Values, *, namespace: str, trust_anchors: str, created_by: str = CREATED_BY) -> Installation:
    """Raises ValuesInvalid."""
    return Installation(
        values=values,
        namespace=namespace,
        trust_anchors=trust_anchors,
        created_by=created_by,
        defaults=_defaults(values),
        home=_home(values, namespace),
        trust_root=sha256(trust_anchors.encode()).hexdigest(),
    )


def _defaults(values: Values) -> Mapping[str, str]:
    found = {}
    for key, (name, value) in _VALUES.items():
        text = _written(value(values))
        if not text and TABLE[key].default == "":
            continue
        try:
            found[key] = TABLE[key].check(text)
        except ValueError as error:
            raise ValuesInvalid(f"{name}: {error}") from None
    return found


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _home(values: Values, namespace: str) -> Home:
    domain = literal(values.cluster_domain)
    suffix = f"{namespace}.serviceaccount.identity.{namespace}.{literal(values.identity_trust_domain) or domain}"
    destination = f"linkerd-destination.{suffix}"

    def service(name: str, port: int, identity: str) -> Service:
        return Service(f"{name}.{namespace}.svc.{domain}.:{port}", identity)

    return Home(
        identity=service("linkerd-identity-headless", 8080, f"linkerd-identity.{suffix}"),
        destination=service("linkerd-dst-headless", 8086, destination),
        # Not `linkerd-policy:8090`: of a headless Service only who asks for SRV records learns the real port.
        policy=service("linkerd-dst-headless", 8086, destination),
        cluster_domain=domain,
        networks=literal(",".join(values.cluster_networks)),
    )


_VALUES: Mapping[str, tuple[str, Callable[[Values], object]]] = {
    keys.IMAGE: ("proxy.image.name", lambda v: v.proxy.image.name),
    keys.VERSION: ("proxy.image.version", lambda v: v.proxy.image.version or __version__),
    keys.PULL_POLICY: ("proxy.image.pullPolicy", lambda v: v.proxy.image.pull_policy),
    keys.INBOUND_PORT: ("proxy.ports.inbound", lambda v: v.proxy.ports.inbound),
    keys.OUTBOUND_PORT: ("proxy.ports.outbound", lambda v: v.proxy.ports.outbound),
    keys.ADMIN_PORT: ("proxy.ports.admin", lambda v: v.proxy.ports.admin),
    keys.CONTROL_PORT: ("proxy.ports.control", lambda v: v.proxy.ports.control),
    keys.CPU_REQUEST: ("proxy.resources.cpu.request", lambda v: v.proxy.resources.cpu.request),
    keys.CPU_LIMIT: ("proxy.resources.cpu.limit", lambda v: v.proxy.resources.cpu.limit),
    keys.MEMORY_REQUEST: ("proxy.resources.memory.request", lambda v: v.proxy.resources.memory.request),
    keys.MEMORY_LIMIT: ("proxy.resources.memory.limit", lambda v: v.proxy.resources.memory.limit),
    keys.STORAGE_REQUEST: (
        "proxy.resources.ephemeralStorage.request",
        lambda v: v.proxy.resources.ephemeral_storage.request,
    ),
    keys.STORAGE_LIMIT: ("proxy.resources.ephemeralStorage.limit", lambda v: v.proxy.resources.ephemeral_storage.limit),
    keys.UID: ("proxy.uid", lambda v: v.proxy.uid),
    keys.GID: ("proxy.gid", lambda v: v.proxy.gid),
    keys.LOG_LEVEL: ("proxy.logLevel", lambda v: v.proxy.log_level),
    keys.LOG_FORMAT: ("proxy.logFormat", lambda v: v.proxy.log_format),
    keys.ACCESS_LOG: ("proxy.accessLog", lambda v: v.proxy.access_log),
    keys.NATIVE_SIDECAR: ("proxy.nativeSidecar", lambda v: v.proxy.native_sidecar),
    keys.AWAIT: ("proxy.await", lambda v: v.proxy.await_),
    keys.WAIT_BEFORE_EXIT: ("proxy.waitBeforeExitSeconds", lambda v: v.proxy.wait_before_exit_seconds),
    keys.GRACE_PERIOD: ("proxy.shutdownGracePeriod", lambda v: v.proxy.shutdown_grace_period),
    keys.EXTERNAL_PROFILES: ("proxy.enableExternalProfiles", lambda v: v.proxy.enable_external_profiles),
    keys.OUTBOUND_CONNECT: ("proxy.outboundConnectTimeout", lambda v: v.proxy.outbound_connect_timeout),
    keys.INBOUND_CONNECT: ("proxy.inboundConnectTimeout", lambda v: v.proxy.inbound_connect_timeout),
    keys.DEFAULT_INBOUND_POLICY: ("proxy.defaultInboundPolicy", lambda v: v.proxy.default_inbound_policy),
    keys.OPAQUE_PORTS: ("proxy.opaquePorts", lambda v: v.proxy.opaque_ports),
    keys.SKIP_INBOUND_PORTS: ("proxyInit.ignoreInboundPorts", lambda v: v.proxy_init.ignore_inbound_ports),
    keys.SKIP_OUTBOUND_PORTS: ("proxyInit.ignoreOutboundPorts", lambda v: v.proxy_init.ignore_outbound_ports),
    keys.SKIP_SUBNETS: ("proxyInit.skipSubnets", lambda v: v.proxy_init.skip_subnets),
}
