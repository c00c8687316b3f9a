"""Where calls go, and whose are let in: GRPCRoutes of Services and of Servers."""

import pytest
from meshkit.calls import census
from meshkit.manifests import (
    accounts,
    backends,
    grpc_route,
    path,
    route,
    server,
    server_parent,
    service_parent,
)
from meshkit.mesh import Mesh
from meshkit.start import run_server
from meshkit.until import until
from meshkit.workload import Workload

SOON_S = 5.0
PORT = 50051
TARGET = f"callee.default.svc.cluster.local:{PORT}"
WHO, OTHERS = "/test.Calls/Who", "/test.Others/Who"
GATEWAY = "gateway.networking.k8s.io"


@pytest.fixture(scope="module")
def replicas(mesh: Mesh) -> tuple[Workload, Workload]:
    one, two = run_server(mesh, "callee"), run_server(mesh, "other")
    return one.ready(), two.ready()


def method(service: str = "", name: str = "") -> dict[str, object]:
    said = {key: value for key, value in (("service", service), ("method", name)) if value}
    return {"matches": [{"method": said}]}


@pytest.mark.usefixtures("replicas")
def test_services_and_methods_choose_the_backend(mesh: Mesh, client: Workload) -> None:
    rules = [
        {**method("test.Others"), "backendRefs": backends(PORT, other=1)},
        {**method("test.Calls", "Fail"), "backendRefs": backends(PORT, gone=1)},
        {**method("test.Calls"), "backendRefs": backends(PORT, callee=1)},
    ]
    mesh.apply(grpc_route("by-method", service_parent("callee", PORT), rules))
    until("the route holds", lambda: census(client, TARGET, OTHERS) == {"other": 1}, within_s=SOON_S)
    assert census(client, TARGET, WHO) == {"callee": 1}
    assert census(client, TARGET, "/test.Calls/Fail") == {"UNAVAILABLE": 1}
    # What no rule matches is not there.
    assert census(client, TARGET, "/test.Unknown/Who") == {"NOT_FOUND": 1}
    assert mesh.hauberk("delete", "grpcroute", "by-method").returncode == 0
    until("the route is gone", lambda: census(client, TARGET, OTHERS) == {"callee": 1}, within_s=SOON_S)


@pytest.mark.usefixtures("replicas")
def test_weights_divide_calls_and_http_routes_do_not_hold_there(mesh: Mesh, client: Workload) -> None:
    parent = service_parent("callee", PORT)
    weighed = backends(PORT, callee=70, other=30, gone=0)
    elsewhere = [{"matches": [path("/")], "backendRefs": backends(PORT, other=1)}]
    mesh.apply(route("conflicting", parent, elsewhere))
    until("the HTTPRoute holds", lambda: census(client, TARGET, WHO) == {"other": 1}, within_s=SOON_S)
    mesh.apply(grpc_route("weights", parent, [{"backendRefs": weighed}]))
    until("the GRPCRoute holds", lambda: "callee" in census(client, TARGET, WHO, 20), within_s=SOON_S)
    counts = census(client, TARGET, WHO, 200)
    # Six standard deviations.
    assert set(counts) == {"callee", "other"}
    assert abs(counts["callee"] - 140) < 39
    assert mesh.hauberk("delete", "grpcroute", "weights").returncode == 0
    assert mesh.hauberk("delete", f"httproutes.{GATEWAY}", "conflicting").returncode == 0


def test_a_server_lets_in_the_calls_that_its_routes_name(mesh: Mesh, client: Workload) -> None:
    target = {"group": GATEWAY, "kind": "GRPCRoute", "name": "public"}
    authentication = {"group": "policy.linkerd.io", "kind": "MeshTLSAuthentication", "name": "callers"}
    mesh.apply(
        server("guarded-calls", PORT, "gRPC"),
        accounts("callers", "client"),
        grpc_route("public", server_parent(f"guarded-calls-{PORT}"), [method("test.Calls", "Who")]),
        grpc_route("private", server_parent(f"guarded-calls-{PORT}"), [method("test.Others")]),
        {
            "apiVersion": "policy.linkerd.io/v1alpha1",
            "kind": "AuthorizationPolicy",
            "metadata": {"namespace": "default", "name": "public-calls"},
            "spec": {"targetRef": target, "requiredAuthenticationRefs": [authentication]},
        },
    )
    run_server(mesh, "guarded-calls").ready()
    guarded = f"guarded-calls.default.svc.cluster.local:{PORT}"
    until("the policy is there", lambda: census(client, guarded, WHO) == {"guarded-calls": 1}, within_s=SOON_S)
    assert census(client, guarded, OTHERS) == {"PERMISSION_DENIED": 1}
    assert census(client, guarded, "/test.Calls/Unary") == {"NOT_FOUND": 1}
