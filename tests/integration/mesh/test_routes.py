"""Where requests go: HTTPRoutes of both API groups, on the way out."""

from collections import Counter

import pytest
from meshkit.http import Http
from meshkit.manifests import backends, path, route, service_parent
from meshkit.mesh import Mesh
from meshkit.start import run_server
from meshkit.until import until
from meshkit.workload import Workload

SOON_S = 5.0
APIS = ("gateway.networking.k8s.io/v1", "gateway.networking.k8s.io/v1beta1", "policy.linkerd.io/v1beta3")


@pytest.fixture(scope="module")
def versions(mesh: Mesh) -> tuple[Workload, Workload]:
    one, two = run_server(mesh, "one"), run_server(mesh, "two")
    return one.ready(), two.ready()


def by(http: Http, where: str, **headers: str) -> str:
    answer = http.get(where, {name.replace("_", "-"): value for name, value in headers.items()})
    return answer.headers.get("x-served-by", str(answer.status))


@pytest.mark.usefixtures("versions")
@pytest.mark.parametrize("api", APIS)
def test_paths_headers_and_methods_choose_the_backend(mesh: Mesh, client: Workload, api: str) -> None:
    name = f"by-{api.partition('.')[0]}-{api.rpartition('/')[2]}"
    header = {"headers": [{"name": "x-version", "value": "2"}]}
    rules = [
        {"matches": [path("/two"), header], "backendRefs": backends(two=1)},
        {"matches": [path("/exact", "Exact")], "backendRefs": backends(two=1)},
        {"matches": [{**path("/"), "method": "POST"}], "backendRefs": backends(two=1)},
        {"matches": [path("/")], "backendRefs": backends(one=1)},
    ]
    mesh.apply(route(name, service_parent("one"), rules, api=api))
    with client.http("one.default.svc.cluster.local") as http:
        until("the route holds", lambda: by(http, "/two/things") == "two", within_s=SOON_S)
        assert by(http, "/twofold") == "one"
        assert by(http, "/", x_version="2") == "two"
        assert by(http, "/", x_version="3") == "one"
        assert (by(http, "/exact"), by(http, "/exact/not")) == ("two", "one")
        assert http.ask("POST", "/").headers["x-served-by"] == "two"
        kind = f"httproutes.{api.partition('/')[0]}"
        assert mesh.hauberk("delete", kind, name).returncode == 0
        until("the route is gone", lambda: by(http, "/two/things") == "one", within_s=SOON_S)


@pytest.mark.usefixtures("versions")
def test_weights_divide_requests_and_nothing_goes_to_a_weight_of_zero(mesh: Mesh, client: Workload) -> None:
    parent, half, none = service_parent("one"), backends(one=50, two=50), backends(one=0, two=7)
    rules = [{"matches": [path("/half")], "backendRefs": half}, {"matches": [path("/none")], "backendRefs": none}]
    mesh.apply(route("split", parent, rules))
    with client.http("one.default.svc.cluster.local") as http:
        until("the split holds", lambda: by(http, "/none") == "two", within_s=SOON_S)
        halves = Counter(by(http, "/half") for _ in range(200))
        # Six standard deviations of a fair coin.
        assert set(halves) == {"one", "two"}
        assert abs(halves["one"] - 100) < 43
        assert Counter(by(http, "/none") for _ in range(50)) == {"two": 50}
        assert by(http, "/else") == "404"
    assert mesh.hauberk("delete", "httproutes.gateway.networking.k8s.io", "split").returncode == 0


def modified(kind: str, **changes: object) -> dict[str, object]:
    return {"type": kind, kind[0].lower() + kind[1:]: changes}


@pytest.mark.usefixtures("versions")
def test_headers_are_changed_for_a_rule_and_for_one_of_its_backends(mesh: Mesh, client: Workload) -> None:
    answered = modified("ResponseHeaderModifier", set=[{"name": "x-route", "value": "here"}], remove=["x-served-by"])
    asked = modified("RequestHeaderModifier", set=[{"name": "x-asked", "value": "set"}], remove=["x-gone"])
    rules = [
        {"matches": [path("/rule")], "filters": [answered], "backendRefs": backends(one=1)},
        {"matches": [path("/backend")], "backendRefs": [{"name": "one", "port": 80, "filters": [asked]}]},
        {"matches": [path("/")], "backendRefs": backends(one=1)},
    ]
    mesh.apply(route("headers", service_parent("one"), rules))
    with client.http("one.default.svc.cluster.local") as http:
        until("the route holds", lambda: http.get("/rule").headers.get("x-route") == "here", within_s=SOON_S)
        assert "x-served-by" not in http.get("/rule").headers
        assert "x-route" not in http.get("/else").headers
        seen = dict(http.get("/backend", {"x-asked": "before", "x-gone": "1"}).json()["headers"])
        assert (seen["x-asked"], "x-gone" in seen) == ("set", False)
    assert mesh.hauberk("delete", "httproutes.gateway.networking.k8s.io", "headers").returncode == 0


@pytest.mark.usefixtures("versions")
def test_a_request_ends_when_its_rule_says_so(mesh: Mesh, client: Workload) -> None:
    rules = [{"matches": [path("/")], "timeouts": {"request": "300ms"}}]
    mesh.apply(route("limit", service_parent("one"), rules))
    with client.http("one.default.svc.cluster.local") as http:
        until("the limit holds", lambda: http.get("/hold").status == 504, within_s=SOON_S)
    assert mesh.hauberk("delete", "httproutes.gateway.networking.k8s.io", "limit").returncode == 0


@pytest.mark.usefixtures("versions")
def test_a_section_of_a_service_is_one_of_its_ports(mesh: Mesh, client: Workload) -> None:
    parent = {**service_parent("one"), "sectionName": "port-80"}
    mesh.apply(route("section", parent, [{"name": "only", "backendRefs": backends(two=1)}]))
    with client.http("one.default.svc.cluster.local") as http:
        until("the route holds", lambda: by(http, "/") == "two", within_s=SOON_S)
    assert mesh.hauberk("delete", "httproutes.gateway.networking.k8s.io", "section").returncode == 0
