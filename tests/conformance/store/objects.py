"""Objects in a few words, and the kinds they are of: such as every back end, Kubernetes too, keeps alike."""

from hauberk.model.httproute import HTTPRoute, HTTPRouteSpec
from hauberk.model.kinds import Kind, by_kind
from hauberk.model.metadata import ObjectMeta
from hauberk.model.namespace import Namespace
from hauberk.model.networkauthentication import Network, NetworkAuthentication, NetworkAuthenticationSpec
from hauberk.model.route import ParentReference
from hauberk.model.selector import LabelSelector
from hauberk.model.server import Server, ServerSpec
from hauberk.store.protocol import Ref


def kind(group: str, name: str) -> Kind:
    found = by_kind(group, name)
    assert found is not None
    return found


NAMESPACE = kind("", "Namespace")
SERVER = kind("policy.linkerd.io", "Server")
NETWORK = kind("policy.linkerd.io", "NetworkAuthentication")
POLICY_ROUTE = kind("policy.linkerd.io", "HTTPRoute")
GATEWAY_ROUTE = kind("gateway.networking.k8s.io", "HTTPRoute")
KINDS = (NAMESPACE, SERVER, NETWORK, POLICY_ROUTE, GATEWAY_ROUTE)


def server(name: str = "web", namespace: str = "default", *, port: int = 80, **meta: object) -> Server:
    metadata = ObjectMeta(name=name, namespace=namespace, **meta)  # type: ignore[arg-type]
    return Server(metadata=metadata, spec=ServerSpec(pod_selector=LabelSelector(), port=port))


def namespace(name: str) -> Namespace:
    return Namespace(metadata=ObjectMeta(name=name))


def network(name: str, cidr: str = "10.0.0.0/8") -> NetworkAuthentication:
    spec = NetworkAuthenticationSpec(networks=(Network(cidr=cidr),))
    return NetworkAuthentication(metadata=ObjectMeta(name=name, namespace="default"), spec=spec)


def route(of: Kind, name: str = "r") -> HTTPRoute:
    parent = ParentReference(group="", kind="Service", name="web")
    return HTTPRoute(
        api_version=of.api_version,
        metadata=ObjectMeta(name=name, namespace="default"),
        spec=HTTPRouteSpec(parent_refs=(parent,)),
    )


def ref(of: Kind, name: str = "web", namespace: str = "default") -> Ref:
    return Ref(of.group, of.kind, namespace if of.namespaced else "", name)
