"""All that is known of an installation in a cluster, asked for many things at a time."""

import hauberk
from hauberk.check.kubernetes.answering import answering
from hauberk.check.kubernetes.availability import Availability
from hauberk.check.kubernetes.chosen import Chosen
from hauberk.check.kubernetes.cni import NAME as CNI
from hauberk.check.kubernetes.cni import Plugin
from hauberk.check.kubernetes.data_plane import DataPlane, in_mesh
from hauberk.check.kubernetes.existence import Installed, Running
from hauberk.check.kubernetes.mesh import Mesh
from hauberk.check.kubernetes.networks import Networks
from hauberk.check.kubernetes.objects import Objects
from hauberk.check.kubernetes.opaque import Declared
from hauberk.check.kubernetes.proxies import proxy_is_ready
from hauberk.check.kubernetes.reading import Reading, together
from hauberk.check.kubernetes.seen import Document, Seen, joined
from hauberk.check.kubernetes.trust import Trust
from hauberk.check.kubernetes.versions import version_of
from hauberk.check.kubernetes.webhooks import Webhook
from hauberk.check.kubernetes.wish import Wish
from hauberk.client import kinds
from hauberk.client.api import Client, Selector
from hauberk.client.kinds import OtherKind
from hauberk.identity import kept
from hauberk.install import objects
from hauberk.install.files import crds
from hauberk.install.looking import POD
from hauberk.install.objects import RENDERED, Name, name_of, namespaces_of
from hauberk.model.kinds import kind_named
from hauberk.runtime.clock import Clock

_EVENT = OtherKind("", "v1", "Event", "events")
_WEBHOOKS = (
    ("linkerd-proxy-injector", "linkerd-proxy-injector-k8s-tls", kinds.MUTATING_WEBHOOK_CONFIGURATION),
    ("linkerd-destination", "linkerd-policy-validator-k8s-tls", kinds.VALIDATING_WEBHOOK_CONFIGURATION),
)
"""Deployment, Secret with its certificate, and the kind of its configuration."""
_SERVER = kind_named("policy.linkerd.io", "Server")
_WORKLOADS = (kinds.DEPLOYMENT, kinds.STATEFUL_SET, kinds.DAEMON_SET)
_KINDS = {(kind.group, kind.kind): kind for kind in RENDERED}


async def gathered(client: Client, clock: Clock, wish: Wish, there: Installed, held: Chosen) -> Mesh:
    """Raises Unreachable."""
    namespace, reading = wish.namespace, Reading(client)
    seen = await _parts(reading, wish, held)
    by_name = await together(
        {name: reading.one(_KINDS[name.group, name.kind], name.name, name.namespace or None) for name in held.names}
    )
    deployments = _of(by_name, held.rendered, "Deployment")
    installed_version = version_of(there.config.first)
    return Mesh(
        installed=there,
        running=Running(
            namespace=namespace,
            upgrade=held.upgrade,
            deployments=deployments,
            pods=seen["pods"],
            events=seen["events"],
        ),
        networks=Networks(
            upgrade=held.upgrade,
            chosen=held.values.cluster_networks,
            nodes=seen["nodes"],
            pods=seen["pods"],
            services=_of(by_name, held.rendered, "Service"),
        ),
        objects=Objects(
            upgrade=held.upgrade,
            rendered=held.rendered,
            there=by_name,
            needed_crds=tuple(crds()),
            crds=seen["crds"],
            same_version=installed_version == hauberk.__version__,
        ),
        trust=Trust(namespace=namespace, bundle=seen["bundle"], issuer=seen["issuer"]),
        webhooks=[
            Webhook(deployment=deployment, configuration=_of(by_name, held.rendered, kind.kind), secret=seen[secret])
            for deployment, secret, kind in _WEBHOOKS
        ],
        injecting=seen["injecting"],
        tool_version=hauberk.__version__,
        installed_version=installed_version,
        data_plane=await _data_plane(client, clock, wish, seen, held) if wish.data_plane else None,
        opaque=_declared(wish, seen, held) if wish.data_plane else None,
        availability=Availability(
            namespace=namespace,
            deployments=deployments,
            pods=seen["pods"],
            system=seen["system"],
            injecting=_of(by_name, held.rendered, "MutatingWebhookConfiguration"),
        )
        if held.values.high_availability
        else None,
        plugin=_plugin(namespace, seen, by_name, held) if held.values.cni.enabled else None,
    )


async def _parts(reading: Reading, wish: Wish, held: Chosen) -> dict[str, Seen]:
    """What is no rendered object, by a name of its own."""
    namespace, programs = wish.namespace, wish.programs_in
    own = Selector(labels=objects.COMPONENT_LABEL)
    asked = {
        "pods": reading.all(POD, namespace, own),
        "events": reading.all(_EVENT, namespace, Selector(fields="type=Warning,involvedObject.kind=Pod")),
        "crds": reading.all(kinds.CUSTOM_RESOURCE_DEFINITION),
        "injecting": reading.all(kinds.MUTATING_WEBHOOK_CONFIGURATION),
        "bundle": reading.one(kinds.CONFIG_MAP, kept.BUNDLE, namespace),
        "issuer": reading.one(kinds.SECRET, kept.ISSUER, namespace),
        "nodes": reading.all(kinds.NODE),
        "system": reading.one(objects.NAMESPACE, "kube-system"),
        **{secret: reading.one(kinds.SECRET, secret, namespace) for _, secret, _ in _WEBHOOKS},
    }
    if held.values.cni.enabled:
        asked["cni pods"] = reading.all(POD, namespaces_of(namespace)[1], Selector(labels=f"k8s-app={CNI}"))
    if wish.data_plane:
        asked["programs"] = reading.all(POD, programs)
        asked["places"] = (
            reading.all(objects.NAMESPACE) if programs is None else reading.one(objects.NAMESPACE, programs)
        )
        for kind in (objects.SERVICE, _SERVER, *_WORKLOADS):
            asked[kind.kind] = reading.all(kind, programs)
    return await together(asked)


async def _data_plane(client: Client, clock: Clock, wish: Wish, seen: dict[str, Seen], held: Chosen) -> DataPlane:
    meshed = [pod for pod in seen["programs"].documents if in_mesh(pod, wish.namespace) and proxy_is_ready(pod)]
    return DataPlane(
        namespace=wish.namespace,
        version=held.proxy_version,
        bundle=seen["bundle"],
        pods=seen["programs"],
        places=seen["places"],
        said=await answering(client, clock, meshed),
        others={kind.kind: seen[kind.kind] for kind in (objects.SERVICE, *_WORKLOADS)},
    )


def _declared(wish: Wish, seen: dict[str, Seen], held: Chosen) -> Declared:
    meshed = tuple(pod for pod in seen["programs"].documents if in_mesh(pod, wish.namespace))
    return Declared(
        default=held.values.proxy.opaque_ports,
        places=seen["places"],
        services=seen[objects.SERVICE.kind],
        servers=seen[_SERVER.kind],
        pods=Seen(meshed),
    )


def _plugin(namespace: str, seen: dict[str, Seen], by_name: dict[Name, Seen], held: Chosen) -> Plugin:
    return Plugin(
        namespace=namespaces_of(namespace)[1],
        upgrade=held.upgrade,
        daemon_set=_of(by_name, held.rendered, "DaemonSet"),
        pods=seen["cni pods"],
        nodes=seen["nodes"],
    )


def _of(by_name: dict[Name, Seen], rendered: tuple[Document, ...], kind: str) -> Seen:
    """All that is rendered of a kind, as it is there."""
    return joined(by_name[name_of(document)] for document in rendered if document["kind"] == kind)
