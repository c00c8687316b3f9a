"""Objects in a few words, and the kinds they are of."""

from hauberk.model.httproute import HTTPRoute, HTTPRouteSpec, ParentReference
from hauberk.model.kinds import Kind, by_kind
from hauberk.model.metadata import ObjectMeta
from hauberk.model.namespace import Namespace
from hauberk.model.pod import Pod, PodSpec
from hauberk.model.service import Service, ServicePort, ServiceSpec
from hauberk.store.protocol import Ref


def kind(group: str, name: str) -> Kind:
    found = by_kind(group, name)
    assert found is not None
    return found


SERVICE = kind("", "Service")
NAMESPACE = kind("", "Namespace")
POD = kind("", "Pod")
POLICY_ROUTE = kind("policy.linkerd.io", "HTTPRoute")
GATEWAY_ROUTE = kind("gateway.networking.k8s.io", "HTTPRoute")


def service(name: str = "web", namespace: str = "default", *, port: int = 80, **meta: object) -> Service:
    metadata = ObjectMeta(name=name, namespace=namespace, **meta)  # type: ignore[arg-type]
    return Service(metadata=metadata, spec=ServiceSpec(ports=(ServicePort(port=port, target_port="http"),)))


def namespace(name: str) -> Namespace:
    return Namespace(metadata=ObjectMeta(name=name))


def pod(name: str, node: str = "here") -> Pod:
    return Pod(metadata=ObjectMeta(name=name, namespace="default"), spec=PodSpec(node_name=node))


def route(of: Kind, name: str = "r") -> HTTPRoute:
    parent = ParentReference(group="", kind="Service", name="web")
    return HTTPRoute(
        api_version=of.api_version,
        metadata=ObjectMeta(name=name, namespace="default"),
        spec=HTTPRouteSpec(parent_refs=(parent,)),
    )


def ref(of: Kind, name: str = "web", namespace: str = "default") -> Ref:
    return Ref(of.group, of.kind, namespace if of.namespaced else "", name)
