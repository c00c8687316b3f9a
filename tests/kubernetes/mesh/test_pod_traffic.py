"""Programs in pods talk through their proxies: mutual TLS, balanced by request, also with pods that have none."""

import pytest
from podkit import objects
from podkit.asking import CLIENT, ask, ask_until, identity, ready
from podkit.kubectl import Kubectl, until
from podkit.mesh import Namespace
from podkit.metrics import metric, metrics_of


@pytest.fixture(scope="module")
def home(kubectl: Kubectl, namespace: Namespace) -> str:
    """Two servers and a client, in the mesh."""
    name = namespace()
    kubectl.apply(
        *objects.placed(
            [
                objects.account("server"),
                objects.deployment("server", objects.spec(objects.server(), account="server"), replicas=2),
                objects.service("server"),
                objects.pod(CLIENT, objects.spec(objects.shell())),
            ],
            name,
        )
    )
    kubectl.rolled_out(name, "deployment/server")
    ready(kubectl, name, CLIENT)
    return name


def test_requests_are_balanced_over_pods_and_name_their_client(kubectl: Kubectl, home: str) -> None:
    ask_until(kubectl, home, "http://server/x", pods=2)
    answer = ask(kubectl, home, f"http://server.{home}.svc.cluster.local/y")
    assert answer["client"] == identity("default", home)


def test_the_way_between_pods_is_mutual_tls(kubectl: Kubectl, home: str) -> None:
    ask(kubectl, home, "http://server/")
    page = metrics_of(kubectl, home, CLIENT)
    labels = {"direction": "outbound", "dst_service": "server", "tls": "true"}
    assert metric(page, "response_total", **labels, server_id=identity("server", home)) > 0
    assert metric(page, "response_total", **{**labels, "tls": "no_identity"}) == 0


def test_a_pod_is_reached_by_its_address_too(kubectl: Kubectl, home: str) -> None:
    pod = kubectl.get("pods", "--namespace", home, "--selector", "app=server")["items"][0]
    answer = ask(kubectl, home, f"http://{pod['status']['podIP']}:8080/")
    assert (answer["pod"], answer["client"]) == (pod["metadata"]["name"], identity("default", home))


def test_pods_without_a_proxy_talk_both_ways(kubectl: Kubectl, home: str, namespace: Namespace) -> None:
    outside = namespace({})
    kubectl.apply(
        *objects.placed(
            [
                objects.pod("plain", objects.spec(objects.server(), objects.shell())),
                objects.service("plain"),
            ],
            outside,
        )
    )
    ready(kubectl, outside, "plain")
    assert len(kubectl.get("pod", "plain", "--namespace", outside)["spec"]["containers"]) == 2
    inward = ask(kubectl, outside, f"http://server.{home}/", pod="plain")
    assert inward["client"] == "", "who proves nothing is nobody"
    assert ask(kubectl, home, f"http://plain.{outside}/")["pod"] == "plain"


def test_an_endpoint_that_is_gone_is_gone_from_proxies_at_once(kubectl: Kubectl, home: str) -> None:
    kubectl("scale", "--namespace", home, "deployment/server", "--replicas=1")
    until("one pod", lambda: len(kubectl.get("pods", "-n", home, "-l", "app=server")["items"]) == 1 or None)
    answers = {ask(kubectl, home, "http://server/")["pod"] for _ in range(10)}
    assert len(answers) == 1
