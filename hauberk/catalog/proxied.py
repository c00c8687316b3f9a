"""Which Pods have a proxy of the mesh, and where it listens. Both ends of a connection decide by the same functions."""

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


def proxy_of(mesh: Mesh, pod: Pod) -> Container | None:
    """The proxy of this mesh that takes the Pod's connections; it has one by its label and its containers.

    A Pod of the control plane has a proxy for one port of its own, which is no way to its other ports.
    """
    labels = pod.metadata.labels
    if labels.get(CONTROL_PLANE_NS) != mesh.namespace:
        return None
    if pod.metadata.namespace == mesh.namespace and CONTROL_PLANE_COMPONENT in labels:
        return None
    return next((container for container in pod.lasting if container.name == PROXY_CONTAINER), None)


def identity_at(mesh: Mesh, pod: Pod, port: int) -> str | None:
    """Who answers at this port of the Pod; None where that is no proxy of this mesh.

    A name that no certificate can carry is nobody's: such a proxy never gets ready, and others that are told of it
    would refuse all that they are told with it.
    """
    if proxy_of(mesh, pod) is None:
        return None
    if parse_ports(pod.metadata.annotations.get(SKIP_INBOUND_PORTS, "")).has(port):
        return None
    identity = mesh.identity(pod.spec.service_account_name, pod.metadata.namespace)
    return identity if _can_be_certified(identity) else None


def inbound_port(mesh: Mesh, pod: Pod) -> int:
    """The port of the Pod's proxy that takes the transport header."""
    return _declared(mesh, pod, INBOUND_PORT) or mesh.inbound_port


def is_proxys_own(mesh: Mesh, pod: Pod, port: int) -> bool:
    """Whether the proxy itself answers there, without a transport header."""
    return port in mesh.unproxied_ports or port == _declared(mesh, pod, ADMIN_PORT)


@lru_cache(maxsize=4096)
def _can_be_certified(identity: str) -> bool:
    """Whether it is a DNS name (RFC 1035)."""
    return names.is_subdomain(identity) and max(map(len, identity.split("."))) <= names.LABEL_MAX


def _declared(mesh: Mesh, pod: Pod, name: str) -> int | None:
    proxy = proxy_of(mesh, pod)
    ports = proxy.ports if proxy is not None else ()
    return next((port.container_port for port in ports if port.name == name), None)
