"""Both families of addresses: of Services, of pods, and each alone."""

import pytest
from podkit import objects
from podkit.asking import CLIENT, ask, ask_until, identity, ready
from podkit.kubectl import Kubectl
from podkit.mesh import Namespace
from podkit.metrics import metric, metrics_of


@pytest.fixture(scope="module")
def home(kubectl: Kubectl, namespace: Namespace) -> str:
    """A server of two pods under three Services, and a client."""
    name = namespace()
    selector = {"selector": {"app": "server"}}
    kubectl.apply(
        *objects.placed(
            [
                objects.deployment("server", objects.spec(objects.server()), replicas=2),
                objects.service("both", ipFamilyPolicy="RequireDualStack", **selector),
                objects.service("six", ipFamilies=["IPv6"], **selector),
                objects.service("each", port=8080, clusterIP="None", ipFamilyPolicy="RequireDualStack", **selector),
                objects.pod(CLIENT, objects.spec(objects.shell())),
            ],
            name,
        )
    )
    kubectl.rolled_out(name, "deployment/server")
    ready(kubectl, name, CLIENT)
    return name


def test_a_service_is_balanced_by_either_address(kubectl: Kubectl, home: str) -> None:
    addresses = kubectl.get("service", "both", "--namespace", home)["spec"]["clusterIPs"]
    assert [":" in address for address in addresses] == [False, True]
    for address in addresses:
        assert_balanced(kubectl, home, in_url(address))


def assert_balanced(kubectl: Kubectl, home: str, host: str) -> None:
    answers = ask_until(kubectl, home, f"http://{host}/", pods=2)
    assert {answer["client"] for answer in answers} == {identity("default", home)}


def test_a_service_may_have_the_newer_family_alone(kubectl: Kubectl, home: str) -> None:
    assert_balanced(kubectl, home, "six")
    page = metrics_of(kubectl, home, CLIENT)
    labels = {"direction": "outbound", "dst_service": "six"}
    assert metric(page, "response_total", tls="true", **labels) >= 2
    assert metric(page, "response_total", tls="no_identity", **labels) == 0


def test_pods_are_reached_by_each_of_their_addresses(kubectl: Kubectl, home: str) -> None:
    pod = kubectl.get("pods", "--namespace", home, "--selector", "app=server")["items"][0]
    addresses = [entry["ip"] for entry in pod["status"]["podIPs"]]
    assert len(addresses) == 2
    for address in addresses:
        answer = ask(kubectl, home, f"http://{in_url(address)}:{objects.PORT}/")
        assert (answer["pod"], answer["client"]) == (pod["metadata"]["name"], identity("default", home))


def test_a_headless_service_is_reached_by_its_name(kubectl: Kubectl, home: str) -> None:
    answers = [ask(kubectl, home, "http://each:8080/") for _ in range(4)]
    assert {answer["client"] for answer in answers} == {identity("default", home)}


def in_url(address: str) -> str:
    return f"[{address}]" if ":" in address else address
