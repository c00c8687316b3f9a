"""Which Pods have a proxy of the mesh, and how a port of theirs is reached through it. Pure.

Both ends of a connection decide by the same functions.
"""

from dataclasses import dataclass
from functools import lru_cache

from hauberk.catalog.mesh import Mesh
from hauberk.catalog.ports import parse_ports
from hauberk.model import names
from hauberk.model.pod import Container, Pod

CONTROL_PLANE_NS = "linkerd.io/control-plane-ns"
"""Label of a Pod that has a proxy of the mesh whose control plane is in this namespace."""
CONTROL_PLANE_COMPONENT = "linkerd.io/control-plane-component"
SKIP_INBOUND_PORTS = "config.linkerd.io/skip-inbound-ports"

PROXY_CONTAINER = "linkerd-proxy"
INBOUND_PORT = "linkerd-proxy"
ADMIN_PORT = "linkerd-admin"
"""Names of the proxy's ports."""


@dataclass(frozen=True, slots=True)
class Proxied:
    """A port that a proxy of this mesh, or of a fellow, answers for."""

    identity: str
    transport_port: int | None
    """Where the proxy takes the transport header; None where it answers itself, and takes none."""


def proxied(mesh: Mesh, pod: Pod, port: int) -> Proxied | None:
    """How this port of the Pod is reached through its proxy; None where no proxy of this mesh is in the way.

    A name that no certificate can carry is nobody's: such a proxy never gets ready, and others that are told of it
    would refuse all that they are told with it.
    """
    proxy = _proxy_of(mesh, pod)
    if proxy is None:
        return None
    skipped = pod.metadata.annotations.get(SKIP_INBOUND_PORTS)
    if skipped and parse_ports(skipped).has(port):
        return None
    of = pod.metadata.labels[CONTROL_PLANE_NS]
    identity = mesh.identity_in(of, pod.spec.service_account_name, pod.metadata.namespace)
    if not _can_be_certified(identity):
        return None
    declared = {of.name: of.container_port for of in proxy.ports}
    if port in mesh.unproxied_ports or port == declared.get(ADMIN_PORT):
        return Proxied(identity, None)
    return Proxied(identity, declared.get(INBOUND_PORT, mesh.inbound_port))


def _proxy_of(mesh: Mesh, pod: Pod) -> Container | None:
    """The proxy, of this mesh or a fellow, that takes the Pod's connections; it has one by its label and containers.

    A Pod of the control plane has a proxy for one port of its own, which is no way to its other ports.
    """
    labels = pod.metadata.labels
    of = labels.get(CONTROL_PLANE_NS)
    if of != mesh.namespace and of not in mesh.fellows:
        return None
    if pod.metadata.namespace == of and CONTROL_PLANE_COMPONENT in labels:
        return None
    for container in pod.lasting:
        if container.name == PROXY_CONTAINER:
            return container
    return None


@lru_cache(maxsize=4096)
def _can_be_certified(identity: str) -> bool:
    """Whether it is a DNS name (RFC 1035)."""
    return names.is_subdomain(identity) and max(map(len, identity.split("."))) <= names.LABEL_MAX
