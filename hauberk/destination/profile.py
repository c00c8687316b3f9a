"""A name or address and a port → what it is as a whole. Pure: snapshot and question in, answer out."""

from hauberk.catalog.kinds import canonical
from hauberk.catalog.mesh import Mesh
from hauberk.catalog.names import Authority, service_of
from hauberk.catalog.ports import service_port, service_protocol
from hauberk.catalog.refusal import Refusal
from hauberk.catalog.snapshot import Snapshot
from hauberk.destination.answer import Endpoint, Profile
from hauberk.destination.endpoint import pod_endpoint
from hauberk.model.pod import Pod
from hauberk.model.service import Service


def profile(mesh: Mesh, snapshot: Snapshot, authority: Authority) -> Profile | Refusal:
    """A Service's profile, one workload's, or, for what is outside of the mesh, the bare address."""
    if authority.ip is not None:
        return _of_address(mesh, snapshot, authority)
    service_name = service_of(authority.host, mesh.cluster_domain)
    if service_name is None:
        return Refusal("invalid-argument", f"{authority.host} is not a name under svc.{mesh.cluster_domain}")
    service = snapshot.service(service_name.namespace, service_name.name)
    if service is None:
        return Refusal("not-found", f"there is no Service {service_name.namespace}/{service_name.name}")
    where = f"Service {service_name.namespace}/{service_name.name}"
    if service.spec.type == "ExternalName":
        return Refusal("invalid-argument", f"{where} is an ExternalName: it stands for a host that is not of the mesh")
    if not service_name.instance:
        return _of_service(mesh, snapshot, service, authority.port)
    pod = _instance(snapshot, service, service_name.instance)
    ip = _address(pod, ipv6=service.spec.prefers_ipv6) if pod is not None else ""
    if pod is None or not ip:
        return Refusal("not-found", f"{where} has no {authority.host}")
    return _of_pod(mesh, snapshot, pod, ip, authority.port)


def _of_address(mesh: Mesh, snapshot: Snapshot, authority: Authority) -> Profile | Refusal:
    services = snapshot.services_at(authority.host)
    if len(services) > 1:
        names = " and ".join(f"{s.metadata.namespace}/{s.metadata.name}" for s in services)
        return Refusal("failed-precondition", f"Services {names} have the same clusterIP {authority.host}")
    if services:
        return _of_service(mesh, snapshot, services[0], authority.port)
    pod = snapshot.pod_at(authority.host)
    if pod is not None:
        return _of_pod(mesh, snapshot, pod, authority.host, authority.port)
    pod = snapshot.pod_at_host(authority.host, authority.port)
    if pod is not None:
        # Its own address: the port of the machine leads around its proxy's.
        ip = _address(pod, ipv6=":" in authority.host) or authority.host
        return _of_pod(mesh, snapshot, pod, ip, pod.host_ports[authority.port])
    return Profile(endpoint=Endpoint(ip=authority.host, port=authority.port))


def _of_service(mesh: Mesh, snapshot: Snapshot, service: Service, number: int) -> Profile:
    port = service_port(service, number)
    if port is None:
        return Profile()
    return Profile(
        fully_qualified_name=f"{service.metadata.name}.{service.metadata.namespace}.svc.{mesh.cluster_domain}",
        opaque=service_protocol(mesh, snapshot, service, port) == "opaque",
    )


def _of_pod(mesh: Mesh, snapshot: Snapshot, pod: Pod, ip: str, port: int) -> Profile:
    namespace = (("namespace", pod.metadata.namespace),)
    endpoint = pod_endpoint(mesh, snapshot, pod, ip, port, extra=namespace)
    return Profile(opaque=endpoint.opaque, endpoint=endpoint)


def _address(pod: Pod, *, ipv6: bool) -> str:
    """The Pod's address of a family, or else of the other one; empty where it has none yet."""
    addresses = [address for address in map(canonical, pod.status.addresses) if address]
    return next((address for address in addresses if (":" in address) is ipv6), addresses[0] if addresses else "")


def _instance(snapshot: Snapshot, service: Service, hostname: str) -> Pod | None:
    namespace = service.metadata.namespace
    for part in snapshot.slices(namespace, service.metadata.name):
        for listed in part.endpoints:
            if listed.hostname == hostname and listed.target_ref is not None:
                return snapshot.pod(listed.target_ref.namespace or namespace, listed.target_ref.name)
    return None
