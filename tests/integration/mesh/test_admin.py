"""The admin endpoint of a real proxy: its log changed while it runs, its environment, its metrics for scrapers."""

import gzip
import json
from collections.abc import Iterator

import pytest
from meshkit import namespace
from meshkit.bare import Host, Proxy
from meshkit.contract import VIRTUAL_IP
from meshkit.http import Answer, Http
from meshkit.pair import HOST, SERVER_IP, Pair, a_pair
from meshkit.samples import Samples
from meshkit.until import until

LOOPBACK = ("127.0.0.1", 4191)
SETTINGS = {
    "ADMIN_LISTEN_ADDR": "0.0.0.0:4191",
    "METRICS_RETAIN_IDLE": "2s",
    "OUTBOUND_DISCOVERY_IDLE_TIMEOUT": "1s",
    "INBOUND_DISCOVERY_IDLE_TIMEOUT": "1s",
}


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("DATABASE_PASSWORD", "hunter2")
        environment.setenv("LINKERD2_PROXY_MADE_UP_TOKEN", "hunter3")
        with a_pair(SETTINGS) as pair:
            yield pair


def ask(host: Host, method: str, path: str, body: str = "", **headers: str) -> Answer:
    with host.http("localhost", LOOPBACK) as admin:
        return admin.ask(method, path, body or None, {name.replace("_", "-"): value for name, value in headers.items()})


def provoke(host: Host, proxy: Proxy) -> str:
    """Make the proxy write a line at the level debug: a client whose TLS is none. Returns that line."""
    before = len(proxy.said())
    with host.connect(LOOPBACK) as client:
        client.sendall(b"\x16\x03\x01 no ClientHello")
        while client.recv(1024):  # an alert, or nothing
            pass

    def line() -> str | None:
        whole = (line for line in proxy.said()[before:].splitlines(keepends=True) if line.endswith("\n"))
        return next((line for line in whole if "handshake" in line), None)

    return until("the line is written", line, seen=proxy.said)


def test_what_is_logged_and_how_changes_at_once(pair: Pair) -> None:
    host, proxy = pair.client, pair.client_proxy
    assert ask(host, "GET", "/proxy-log-format").body == b"PLAIN\n"
    assert ask(host, "PUT", "/proxy-log-level", "warn,linkerd=debug").status == 204
    assert ask(host, "GET", "/proxy-log-level").body == b"hauberk=debug,warn\n"
    assert "DEBUG" in provoke(host, proxy)
    assert ask(host, "PUT", "/proxy-log-format", "json").status == 204
    assert json.loads(provoke(host, proxy))["level"] == "DEBUG"
    for path, nonsense in (("/proxy-log-level", "hauberk=loud"), ("/proxy-log-format", "xml")):
        refused = ask(host, "PUT", path, nonsense)
        assert (refused.status, b"try " in refused.body) == (400, True)
    assert ask(host, "POST", "/proxy-log-level", "info").status == 405
    assert ask(host, "PUT", "/proxy-log-format", "plain").status == 204
    assert ask(host, "PUT", "/proxy-log-level", "warn,hauberk=info").status == 204


def test_only_the_workload_itself_changes_its_log(pair: Pair) -> None:
    def from_elsewhere(method: str, path: str, body: str | None = None) -> int:
        with Http(SERVER_IP, lambda: namespace.connect(pair.server.pid, (SERVER_IP, 4191))) as admin:
            return admin.ask(method, path, body).status

    with namespace.visiting(pair.server.pid), namespace.sockets_of(2102):
        assert from_elsewhere("PUT", "/proxy-log-level", "trace") == 403
        assert from_elsewhere("PUT", "/proxy-log-format", "json") == 403
        assert from_elsewhere("GET", "/metrics") == 200
    assert ask(pair.server, "GET", "/proxy-log-level").body != b"trace\n"


def test_the_environment_is_shown_without_secrets(pair: Pair) -> None:
    shown = ask(pair.client, "GET", "/env.json").json()
    assert shown["LINKERD2_PROXY_INBOUND_IPS"] == pair.client.ip
    assert shown["LINKERD2_PROXY_IDENTITY_TOKEN_FILE"].startswith("/")
    assert {"PATH", "DATABASE_PASSWORD", "LINKERD2_PROXY_MADE_UP_TOKEN"} <= set(shown)
    assert "hunter" not in json.dumps(shown)
    chosen = ask(pair.client, "GET", "/env.json?LINKERD2_PROXY_METRICS_RETAIN_IDLE&NOWHERE").json()
    assert chosen == {"LINKERD2_PROXY_METRICS_RETAIN_IDLE": "2s", "NOWHERE": None}


def test_metrics_in_the_format_and_coding_that_a_scraper_takes(pair: Pair) -> None:
    as_prometheus = {"accept": "application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.1", "accept_encoding": "gzip"}
    packed = ask(pair.client, "GET", "/metrics", **as_prometheus)
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["content-type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    page = gzip.decompress(packed.body).decode()
    assert page.endswith("\n# EOF\n")
    assert "# TYPE tcp_open counter\n" in page
    assert len(packed.body) < len(page) / 3
    plain = ask(pair.client, "GET", "/metrics")
    assert plain.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert b"# TYPE tcp_open_total counter\n" in plain.body
    by_curl = pair.client.must("curl", "-sS", "--compressed", "http://127.0.0.1:4191/metrics").decode()
    [build] = Samples(by_curl).of("proxy_build_info")
    assert (build.labels["vendor"], build.value) == ("hauberk", 1.0)
    assert {"version", "git_sha", "profile"} <= set(build.labels)


def test_what_nobody_uses_is_forgotten_and_what_is_open_is_not(pair: Pair) -> None:
    def opened(address: str) -> float:
        return pair.client_proxy.metrics().total("tcp_open_total", peer="src", target_addr=address)

    with pair.http() as kept:
        assert kept.get("/about").status == 200
        with pair.http(8080, SERVER_IP) as once:
            assert once.get("/about").status == 200
        assert opened(f"{SERVER_IP}:8080") == 1
        until("the idle series are gone", lambda: opened(f"{SERVER_IP}:8080") == 0)
        page = pair.client_proxy.metrics()
        assert page.total("tcp_open_connections", peer="src", target_addr=f"{VIRTUAL_IP}:80") == 1
        assert kept.get("/about").status == 200
        assert pair.client_proxy.metrics().total("request_total", authority=HOST + ":80") >= 1
