"""Ingress mode: requests of an ingress controller name their Service in a header, whatever address they go to."""

import http.server
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from meshkit import namespace
from meshkit.bare import HUB, Host, Proxy
from meshkit.contract import WEB
from meshkit.foreign import identity
from meshkit.http import Answer, Http
from meshkit.pair import CLIENT_IP, SERVER_IP, a_plane, proxy_beside, serve, world

OVERRIDE = "l5d-dst-override"


class Dialled(http.server.BaseHTTPRequestHandler):
    """The address that programs dial: it says which of the mesh's headers arrived."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        seen = f"dialled {self.headers.get(OVERRIDE)}".encode()
        self.send_response(200)
        self.send_header("content-length", str(len(seen)))
        self.end_headers()
        self.wfile.write(seen)

    def log_message(self, *_: object) -> None:
        pass


@dataclass
class Edge:
    ingress: Host
    ingress_proxy: Proxy
    web: Host
    dialled: tuple[str, int]

    def http(self) -> Http:
        return self.ingress.http("shop.example", self.dialled)

    def get(self, *override: str) -> Answer:
        with self.http() as http:
            http.putrequest("GET", "/")
            for name in override:
                http.putheader(OVERRIDE, name)
            http.endheaders()
            response = http.getresponse()
            headers = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, headers, response.read())


@pytest.fixture(scope="module")
def edge() -> Iterator[Edge]:
    with a_plane(world()) as (net, plane):
        ingress, web = net.host("ingress", CLIENT_IP), net.host("web", SERVER_IP)
        serve(web)
        ingress_proxy, _ = proxy_beside(ingress, plane, {"INGRESS_MODE": "true"})
        web_proxy, _ = proxy_beside(web, plane)
        with namespace.visiting(net.hub.pid):
            site = http.server.ThreadingHTTPServer((HUB, 0), Dialled)
        thread = threading.Thread(target=site.serve_forever, name="dialled")
        thread.start()
        web_proxy.ready()
        yield Edge(ingress, ingress_proxy.ready(), web, (HUB, int(site.server_address[1])))
        site.shutdown()
        thread.join(10)
        site.server_close()


def test_each_request_goes_where_its_header_says_and_without_one_where_it_was_sent(edge: Edge) -> None:
    with edge.http() as http:
        for _ in range(2):
            told = http.get("/", {OVERRIDE: WEB}).json()
            assert ["l5d-client-id", identity("ingress")] in told["headers"]
            assert ["host", "shop.example"] in told["headers"]
            assert OVERRIDE not in dict(told["headers"])
            assert http.get("/").body == b"dialled None"
    page = edge.ingress_proxy.metrics()
    assert page.total("request_total", direction="outbound", tls="true", server_id=identity("web")) == 2


@pytest.mark.parametrize("name", [f"{WEB}:80", WEB.title(), f"{WEB}.:80"])
def test_the_name_may_be_written_in_other_ways(edge: Edge, name: str) -> None:
    assert edge.get(name).json()["version"] == "1.1"


def test_http2_as_well(edge: Edge) -> None:
    """A gRPC server resets what is no call: that its own word arrives shows that HTTP/2 went all the way."""
    ip, port = edge.dialled
    words = ("curl", "-sS", "--http2-prior-knowledge", "-H", f"{OVERRIDE}: {WEB}:50051", f"http://{ip}:{port}/a/b")
    assert b"HTTP/2 stream 1 was not closed cleanly: INTERNAL_ERROR" in edge.ingress.execute(*words).stderr


@pytest.mark.parametrize(
    ("names", "status"),
    [
        ((f"{WEB}:9004",), 403),
        (("web.example.com",), 404),
        (("nobody" + WEB.removeprefix("web"),), 404),
        (("a b",), 400),
        ((SERVER_IP,), 400),
        ((WEB, WEB), 400),
    ],
    ids=["policy", "outside", "unknown", "nonsense", "address", "twice"],
)
def test_what_leads_nowhere_is_refused_and_the_world_is_not_told_why(
    edge: Edge, names: tuple[str, ...], status: int
) -> None:
    answer = edge.get(*names)
    assert answer.status == status
    assert [name for name in answer.headers if name.startswith("l5d-")] == []


def test_a_proxy_in_another_mode_goes_where_the_request_was_sent(edge: Edge) -> None:
    with edge.web.http("shop.example", edge.dialled) as http:
        assert http.get("/", {OVERRIDE: WEB}).body.startswith(b"dialled")
