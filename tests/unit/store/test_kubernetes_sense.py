import pytest

from hauberk.model.grpcroute import GRPCRoute, GRPCRouteSpec
from hauberk.model.httproute import HTTPRoute, HTTPRouteFilter, HTTPRouteRule, HTTPRouteSpec
from hauberk.model.kinds import kind_named
from hauberk.model.metadata import ObjectMeta
from hauberk.model.networkauthentication import Network, NetworkAuthentication, NetworkAuthenticationSpec
from hauberk.model.resource import Resource
from hauberk.model.route import ParentReference
from hauberk.model.selector import LabelSelector
from hauberk.model.server import Server, ServerSpec
from hauberk.model.service import Service, ServicePort, ServiceSpec
from hauberk.store.kubernetes_sense import NotOurs, bounded, sensible

SERVICE = kind_named("", "Service")
SERVER = kind_named("policy.linkerd.io", "Server")
NETWORK = kind_named("policy.linkerd.io", "NetworkAuthentication")
ROUTE = kind_named("gateway.networking.k8s.io", "HTTPRoute")
GRPC = kind_named("gateway.networking.k8s.io", "GRPCRoute")
TO_SERVICE = ParentReference(group="", kind="Service", name="web")
TO_GATEWAY = ParentReference(name="public")
META = ObjectMeta(name="x", namespace="default")


def kept(resource: Resource, kind: object) -> Resource:
    return sensible(resource, kind)[0]  # type: ignore[arg-type]


def route(*parents: ParentReference, rule: HTTPRouteRule | None = None) -> HTTPRoute:
    rules = (rule,) if rule is not None else ()
    return HTTPRoute(api_version=ROUTE.api_version, metadata=META, spec=HTTPRouteSpec(parent_refs=parents, rules=rules))


def test_a_service_is_there_whatever_a_plain_machine_would_say_of_it() -> None:
    spec = ServiceSpec(type="LoadBalancer", session_affinity="ClientIP", ports=(ServicePort(port=53, protocol="UDP"),))
    assert kept(Service(metadata=META, spec=spec), SERVICE).kind == "Service"


def test_defaults_are_filled_in() -> None:
    made = kept(Service(metadata=META, spec=ServiceSpec(ports=(ServicePort(port=80),))), SERVICE)
    assert isinstance(made, Service)
    assert made.spec.ports[0].target_port == 80
    filled = kept(route(TO_SERVICE), ROUTE)
    assert isinstance(filled, HTTPRoute)
    assert filled.spec.rules[0].matches[0].path is not None


def test_an_authentication_without_sense_is_left_out_with_the_reason() -> None:
    spec = NetworkAuthenticationSpec(networks=(Network(cidr="everywhere"),))
    with pytest.raises(NotOurs, match=r"spec\.networks\[0\]\.cidr"):
        sensible(NetworkAuthentication(metadata=META, spec=spec), NETWORK)


def test_what_restricts_is_never_left_out_whatever_is_wrong_with_it() -> None:
    server = Server(metadata=META, spec=ServerSpec(pod_selector=LabelSelector(), port=0, proxy_protocol="smtp"))
    resource, remarks = sensible(server, SERVER)
    assert resource.metadata is server.metadata
    (remark,) = remarks
    assert "spec.port: 0 is not a port" in remark
    assert "spec.proxyProtocol: 'smtp' is none of" in remark


def test_a_route_of_a_gateway_is_nobodys_mistake() -> None:
    for resource, kind in (
        (route(TO_GATEWAY), ROUTE),
        (GRPCRoute(metadata=META, spec=GRPCRouteSpec(parent_refs=(TO_GATEWAY,))), GRPC),
    ):
        with pytest.raises(NotOurs, match=r"^$"):
            sensible(resource, kind)


def test_of_a_route_with_a_gateway_and_a_service_the_service_is_ours() -> None:
    made = kept(route(TO_GATEWAY, TO_SERVICE), ROUTE)
    assert isinstance(made, HTTPRoute)
    assert made.spec.parent_refs == (TO_SERVICE,)


def test_a_service_of_the_wrong_group_is_a_mistake_and_said() -> None:
    _, (remark,) = sensible(route(ParentReference(kind="Service", name="web")), ROUTE)
    assert remark.startswith("spec.parentRefs[0].group: ")


def test_a_route_that_cannot_be_carried_out_is_there_to_be_told_so() -> None:
    rule = HTTPRouteRule(filters=(HTTPRouteFilter(type="URLRewrite"),))
    resource, (remark,) = sensible(route(TO_SERVICE, rule=rule), ROUTE)
    assert isinstance(resource, HTTPRoute)
    assert "URLRewrite is not honoured yet" in remark


def test_annotations_without_sense_go_one_by_one() -> None:
    annotations = {"config.linkerd.io/opaque-ports": "!", "hauberk.dev/a": "b", "retry.linkerd.io/http": "5xx"}
    service = Service(metadata=ObjectMeta(name="x", namespace="d", annotations=annotations), spec=ServiceSpec())
    resource, remarks = sensible(service, SERVICE)
    assert resource.metadata.annotations == {"hauberk.dev/a": "b"}
    assert [remark.partition(":")[0] for remark in remarks] == [
        "metadata.annotations[config.linkerd.io/opaque-ports]",
        "metadata.annotations[retry.linkerd.io/http]",
    ]


def test_a_reason_is_one_line_of_bounded_length() -> None:
    assert bounded("a\n  b\tc") == "a b c"
    assert len(bounded("x" * 10_000)) == 501
