from pathlib import Path
from typing import Any

import pytest

from hauberk.host.failure import SetupFailed
from hauberk.host.ports import ServicePort
from hauberk.host.spec import Program, enrollment, node_name, readiness, spec
from hauberk.host.user import User

ALICE = User("alice", 1000, 1000, (1000, 27), "/home/alice")
ANSWER = {"status": {"podName": "web-x7k2p"}}


def program(**changes: Any) -> Program:
    settings = {"name": "web", "namespace": "shop", "service_account": "web", "argv": ["./web", "-v"], **changes}
    return Program(**settings)


def whole_spec(**changes: Any) -> dict[str, Any]:
    socket, directory = Path("/run/hauberk/api.sock"), Path("/run/hauberk/workloads/web-x7k2p")
    return spec(program(**changes), ALICE, ANSWER, api_socket=socket, workload_dir=directory)


def test_the_request_names_ports_and_what_the_proxy_does_not_see() -> None:
    request = enrollment(program(ports=[ServicePort(80, 8080)], skip_inbound_ports=[25]), node_name="vm")
    assert request["metadata"] == {"namespace": "shop"}
    assert request["spec"]["ports"] == [{"port": 80, "targetPort": 8080}]
    assert request["spec"]["annotations"] == {"config.linkerd.io/skip-inbound-ports": "25"}
    assert request["spec"]["foreignProxy"] is False


def test_a_foreign_proxy_is_declared() -> None:
    foreign = program(proxy_binary=Path("/opt/proxy"))
    assert enrollment(foreign, node_name="")["spec"]["foreignProxy"] is True
    assert whole_spec(proxy_binary=Path("/opt/proxy"))["proxyBinary"] == "/opt/proxy"


def test_the_spec_has_everything_that_the_supervisor_insists_on() -> None:
    document = whole_spec(env={"K": "V"}, workdir=Path("/srv"))
    assert document.keys() == {
        "enrollment",
        "apiSocket",
        "workloadDir",
        "proxyBinary",
        "program",
        "readiness",
        "skipInboundPorts",
        "skipOutboundPorts",
    }
    assert document["program"] == {
        "argv": ["./web", "-v"],
        "env": {"K": "V"},
        "workdir": "/srv",
        "uid": 1000,
        "gid": 1000,
        "groups": [1000, 27],
        "user": "alice",
        "home": "/home/alice",
    }


def test_ports_of_options_and_of_annotations_add_up_and_the_proxys_own_are_always_there() -> None:
    annotations = {"config.linkerd.io/skip-inbound-ports": "8000-8001"}
    assert whole_spec(annotations=annotations, skip_inbound_ports=[25])["skipInboundPorts"] == [
        25,
        4190,
        4191,
        8000,
        8001,
    ]
    with pytest.raises(SetupFailed, match="skip-outbound-ports"):
        whole_spec(annotations={"config.linkerd.io/skip-outbound-ports": "http"})


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ({}, None),
        ({"ports": [ServicePort(80, 8080), ServicePort(9, 9)]}, {"tcp": {"port": 8080}}),
        ({"ports": [ServicePort(80, 8080)], "ready_http_path": "/health"}, {"http": {"port": 8080, "path": "/health"}}),
        ({"ready_port": 81, "ready_http_path": "/"}, {"http": {"port": 81, "path": "/"}}),
        ({"ports": [ServicePort(80, 8080)], "ready_port": 81}, {"tcp": {"port": 81}}),
        ({"ports": [ServicePort(80, 8080)], "ready_check": False}, None),
    ],
)
def test_how_readiness_is_asked(changes: dict[str, Any], asked: dict[str, Any] | None) -> None:
    assert readiness(program(**changes)) == asked


@pytest.mark.parametrize(
    ("hostname", "name"),
    [("vm", "vm"), ("My_Laptop.local", "my-laptop.local"), ("-a-.b", "a.b"), ("_", ""), ("x" * 70, "x" * 63)],
)
def test_a_host_name_becomes_a_dns_name(hostname: str, name: str) -> None:
    assert node_name(hostname) == name
