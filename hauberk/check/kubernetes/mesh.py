"""All that is judged of a mesh in a cluster. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from hauberk.check.kubernetes.availability import Availability, availability
from hauberk.check.kubernetes.cni import Plugin, plugin
from hauberk.check.kubernetes.data_plane import DataPlane, data_plane
from hauberk.check.kubernetes.existence import Installed, Running, existence, installed, running
from hauberk.check.kubernetes.gateway_api import gateway_api
from hauberk.check.kubernetes.meshes import beside
from hauberk.check.kubernetes.networks import Networks, networks
from hauberk.check.kubernetes.objects import Objects, objects
from hauberk.check.kubernetes.opaque import Declared, opaque_ports
from hauberk.check.kubernetes.proxies import front
from hauberk.check.kubernetes.seen import Document, Seen
from hauberk.check.kubernetes.trust import Trust, trust
from hauberk.check.kubernetes.versions import versions
from hauberk.check.kubernetes.webhooks import Webhook, webhooks
from hauberk.check.report import Category


@dataclass(frozen=True, kw_only=True)
class Mesh:
    """What there is of an installation, each part as who judges it wants it."""

    installed: Installed
    running: Running
    networks: Networks
    objects: Objects
    trust: Trust
    webhooks: Sequence[Webhook]
    injecting: Seen
    """MutatingWebhookConfigurations, others' too."""
    tool_version: str
    installed_version: str
    data_plane: DataPlane | None = None
    """None: nobody asked for it."""
    opaque: Declared | None = None
    """The same."""
    availability: Availability | None = None
    """None: it is not installed for that."""
    plugin: Plugin | None = None
    """None: it is not installed with one."""

    @property
    def rendered(self) -> Sequence[Document]:
        return self.objects.rendered


def mesh(facts: Mesh, now: datetime) -> list[Category]:
    """In the order in which one thing needs the other."""
    namespace = facts.installed.namespace
    pods = facts.running.pods.documents
    found = [
        existence([*installed(facts.installed), *running(facts.running), networks(facts.networks)]),
        objects(facts.objects),
        trust(facts.trust, now),
        webhooks(facts.webhooks, namespace, now),
        versions(
            facts.tool_version,
            facts.installed_version,
            pods,
            upgrade=facts.objects.upgrade,
            namespace=namespace,
        ),
        front(pods, namespace),
        beside(facts.injecting, namespace, facts.rendered),
        gateway_api(facts.objects.crds),
    ]
    if facts.availability is not None:
        found.append(availability(facts.availability))
    if facts.plugin is not None:
        found.append(plugin(facts.plugin))
    if facts.data_plane is not None:
        found.append(data_plane(facts.data_plane, now))
    if facts.opaque is not None:
        found.append(opaque_ports(facts.opaque))
    return found
