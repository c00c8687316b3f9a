"""May this program join, and as what? A request and the facts in, an admission or a refusal out. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Address

from hauberk.enrollment.addresses import AddressesExhausted, choose
from hauberk.enrollment.answer import Refusal
from hauberk.enrollment.expose import ServiceChange, expose
from hauberk.enrollment.mesh import CREATED_BY, Mesh
from hauberk.enrollment.permission import is_administrator, may_run_as
from hauberk.enrollment.request import EnrollmentSpec
from hauberk.model.identity import identity_of
from hauberk.model.metadata import ObjectMeta
from hauberk.model.namespace import Namespace
from hauberk.model.pod import Container, ContainerPort, Pod, PodCondition, PodIP, PodSpec, PodStatus
from hauberk.model.service import Service
from hauberk.model.serviceaccount import ServiceAccount
from hauberk.sidecar.environment import ProxySubject, environment_of
from hauberk.sidecar.keys import OPAQUE_PORTS
from hauberk.sidecar.syntax import ports
from hauberk.sidecar.tuning import AnnotationInvalid, Tuning, inherited, tuning_of

PROXY_CONTAINER = "linkerd-proxy"
"""The name that tools look for; the program's own container is the first."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """Who asks for what, and when. `suffix` makes the Pod's name unique; it is random, and drawn by the caller."""

    namespace: str
    spec: EnrollmentSpec
    uid: int
    owner_uid: int
    now: datetime
    suffix: str


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the store says about all that matters to a request."""

    namespace: Namespace | None
    service_account: ServiceAccount | None
    service: Service | None
    namesakes: frozenset[int]
    """Ports on which living Pods of the same name listen."""
    pod_addresses: frozenset[IPv4Address]
    service_addresses: frozenset[IPv4Address]
    trust_anchors: str


@dataclass(frozen=True, kw_only=True)
class Admission:
    """What has to be written, in this order, and what the runner is told beside what the writing gives."""

    new_account: ServiceAccount | None
    service: ServiceChange | None
    pod: Pod
    identity: str
    environment: Mapping[str, str]


def admit(request: Request, facts: Facts, mesh: Mesh) -> Admission | Refusal:
    """Decide on an enrollment."""
    refusal = _place_refusal(request, facts, mesh) or _account_refusal(request, facts) or _name_refusal(request, mesh)
    if refusal is not None:
        return refusal
    try:
        of_namespace = inherited(facts.namespace.metadata.annotations) if facts.namespace is not None else {}
        tuning = tuning_of({**of_namespace, **request.spec.annotations}, mesh.defaults)
        address = choose(
            mesh.pod_network,
            name=f"{request.namespace}/{request.spec.name}-{request.suffix}",
            taken=facts.pod_addresses | {mesh.gateway},
        )
        change = expose(request.namespace, request.spec, facts.service, facts.namesakes, facts.service_addresses, mesh)
    except AnnotationInvalid as e:
        return Refusal("Invalid", e.reason, "correct or leave out the annotation", f"spec.annotations[{e.annotation}]")
    except AddressesExhausted as e:
        return Refusal("Exhausted", str(e), "stop some, and try again")
    if isinstance(change, Refusal):
        return change
    pod = _pod(request, mesh, address)
    identity = _identity(request, mesh)
    account = None
    if facts.service_account is None:
        account = ServiceAccount(
            metadata=ObjectMeta(name=request.spec.service_account_name, namespace=request.namespace)
        )
    return Admission(
        new_account=account,
        service=change,
        pod=pod,
        identity=identity,
        environment=environment_of(
            _subject(request, pod, identity, tuning), mesh.home, trust_anchors=facts.trust_anchors
        ),
    )


def _place_refusal(request: Request, facts: Facts, mesh: Mesh) -> Refusal | None:
    if request.namespace == mesh.mesh_namespace:
        # Else a program could get the identity of the control plane itself.
        return Refusal(
            "Forbidden", f"namespace {request.namespace} is the control plane's own", "choose another namespace"
        )
    if facts.namespace is None:
        return Refusal(
            "NotFound", f'namespaces "{request.namespace}" not found', "create the Namespace with `hauberk apply` first"
        )
    return None


def _account_refusal(request: Request, facts: Facts) -> Refusal | None:
    name = request.spec.service_account_name
    administrator = is_administrator(request.uid, owner_uid=request.owner_uid)
    if facts.service_account is None:
        if administrator:
            return None
        return Refusal(
            "Forbidden",
            f"there is no ServiceAccount {name} in namespace {request.namespace}, and uid {request.uid} may make none",
            "ask the administrator to create it, with your uid in its annotation hauberk.dev/allowed-uids",
        )
    if may_run_as(request.uid, owner_uid=request.owner_uid, annotations=facts.service_account.metadata.annotations):
        return None
    return Refusal(
        "Forbidden",
        f"uid {request.uid} may not run programs as ServiceAccount {name} of namespace {request.namespace}",
        "ask the administrator to add your uid to its annotation hauberk.dev/allowed-uids",
    )


def _name_refusal(request: Request, mesh: Mesh) -> Refusal | None:
    """An identity is a DNS name (RFC 1035): proxies neither take nor believe in one that is not."""
    identity = _identity(request, mesh)
    if len(identity) <= 253 and max(map(len, identity.split("."))) <= 63:
        return None
    return Refusal(
        "Invalid",
        f"the identity {identity} is not a DNS name: it has more than 253 characters, or more than 63 between two dots",
        "choose a shorter name for the ServiceAccount",
        "spec.serviceAccountName",
    )


def _identity(request: Request, mesh: Mesh) -> str:
    return identity_of(request.spec.service_account_name, request.namespace, mesh.mesh_namespace, mesh.trust_domain)


def _pod(request: Request, mesh: Mesh, address: IPv4Address) -> Pod:
    spec = request.spec
    labels = {
        **spec.labels,
        "app": spec.name,
        "linkerd.io/control-plane-ns": mesh.mesh_namespace,
        "linkerd.io/workload-ns": request.namespace,
    }
    annotations = {**spec.annotations, "linkerd.io/created-by": CREATED_BY}
    if OPAQUE_PORTS in annotations:
        annotations[OPAQUE_PORTS] = ports(annotations[OPAQUE_PORTS])
    if spec.foreign_proxy:
        annotations["hauberk.dev/foreign-proxy"] = "true"
    program = Container(
        name=spec.name,
        ports=tuple(ContainerPort(name=p.name, container_port=p.container_port, protocol="TCP") for p in spec.ports),
    )
    proxy = Container(
        name=PROXY_CONTAINER,
        ports=(
            ContainerPort(name="linkerd-proxy", container_port=4143, protocol="TCP"),
            ContainerPort(name="linkerd-admin", container_port=4191, protocol="TCP"),
        ),
    )
    return Pod(
        metadata=ObjectMeta(
            name=f"{spec.name}-{request.suffix}", namespace=request.namespace, labels=labels, annotations=annotations
        ),
        spec=PodSpec(
            service_account_name=spec.service_account_name, node_name=spec.node_name, containers=(program, proxy)
        ),
        status=PodStatus(
            phase="Pending",
            pod_ip=str(address),
            pod_ips=(PodIP(ip=str(address)),),
            conditions=(
                PodCondition(type="Ready", status="False", reason="Starting", last_transition_time=request.now),
            ),
        ),
    )


def _subject(request: Request, pod: Pod, identity: str, tuning: Tuning) -> ProxySubject:
    return ProxySubject(
        namespace=request.namespace,
        pod=pod.metadata.name,
        node=request.spec.node_name,
        identity=identity,
        pod_ip=pod.status.pod_ip,
        inbound_ports=[port.container_port for port in request.spec.ports],
        tuning=tuning,
    )
