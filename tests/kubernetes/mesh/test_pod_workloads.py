"""Workloads of every kind in the mesh: stateful ones, a database, gRPC, those of the host's network."""

import json
from collections import Counter

import pytest
from podkit import objects
from podkit.asking import CLIENT, ask, identity, ready
from podkit.kubectl import Kubectl, until
from podkit.mesh import Namespace
from podkit.metrics import metric, metrics_of

from cluster.recipes import SERVERS


@pytest.fixture(scope="module")
def home(kubectl: Kubectl, namespace: Namespace) -> str:
    """A server of two pods and a client, in the mesh."""
    name = namespace()
    pods = [objects.pod(CLIENT, objects.spec(objects.shell(), objects.python("python", "sleep.py")))]
    server = objects.deployment("server", objects.spec(objects.server(), account="server"), replicas=2)
    kubectl.apply(*objects.placed([objects.account("server"), server, objects.service("server"), *pods], name))
    kubectl.rolled_out(name, "deployment/server")
    ready(kubectl, name, CLIENT)
    return name


def test_each_pod_of_a_stateful_set_is_reached_by_its_own_name(kubectl: Kubectl, home: str) -> None:
    of = objects.spec(objects.server())
    template = objects.deployment("state", of)["spec"]["template"]
    spec = {
        "serviceName": "state",
        "replicas": 2,
        "podManagementPolicy": "Parallel",
        "selector": {"matchLabels": {"app": "state"}},
        "template": template,
    }
    stateful = {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "state"}, "spec": spec}
    headless = objects.service("state", port=8080, clusterIP="None")
    kubectl.apply(*objects.placed([headless, stateful], home))
    kubectl.rolled_out(home, "statefulset/state")
    for name in ("state-0", "state-1"):
        until(f"{name} in DNS", lambda name=name: _answer(kubectl, home, f"http://{name}.state:8080/"))
        answer = ask(kubectl, home, f"http://{name}.state:8080/")
        assert (answer["pod"], answer["client"]) == (name, identity("default", home))
    named = {ask(kubectl, home, "http://state:8080/")["client"] for _ in range(4)}
    assert named == {identity("default", home)}


def _answer(kubectl: Kubectl, namespace: str, url: str) -> str | None:
    done = kubectl.attempt(
        *("exec", "--namespace", namespace, CLIENT, "--container", "shell", "--"),
        *("busybox", "timeout", "5", "busybox", "wget", "-qO-", url),
    )
    return done.stdout if done.returncode == 0 else None


def test_a_database_is_carried_as_bytes_under_mutual_tls(kubectl: Kubectl, home: str) -> None:
    container = {
        "name": "redis",
        "image": SERVERS,
        "command": ["/bin/redis-server", "--save", "", "--protected-mode", "no"],
        "ports": [{"containerPort": 6379, "name": "redis"}],
    }
    asking = {"name": "asking", "image": SERVERS, "command": ["/bin/redis-server", "--port", "7000", "--save", ""]}
    kubectl.apply(
        *objects.placed(
            [
                objects.deployment("redis", objects.spec(container, account="server")),
                objects.service("redis", port=6379, target=6379),
                objects.pod("asker", objects.spec(asking)),
            ],
            home,
        )
    )
    kubectl.rolled_out(home, "deployment/redis")
    ready(kubectl, home, "asker")
    cli = ("/bin/redis-cli", "-h", "redis")
    assert kubectl.exec(home, "asker", "asking", [*cli, "set", "key", "value"]).strip() == "OK"
    assert kubectl.exec(home, "asker", "asking", [*cli, "get", "key"]).strip() == "value"
    page = metrics_of(kubectl, home, "asker")
    labels = {"direction": "outbound", "dst_service": "redis", "tls": "true"}
    assert metric(page, "tcp_open_total", peer="dst", **labels) >= 2
    assert metric(page, "request_total", direction="outbound") == 0, "nobody looked for requests in it"


def test_calls_of_one_grpc_channel_are_balanced_and_counted_by_their_status(kubectl: Kubectl, home: str) -> None:
    server = objects.python("server", "grpc_server.py", "9000")
    server["ports"] = [{"containerPort": 9000, "name": "grpc"}]
    server["readinessProbe"] = {"tcpSocket": {"port": 9000}, "periodSeconds": 1}
    kubectl.apply(
        *objects.placed(
            [
                objects.deployment("rpc", objects.spec(server), replicas=2),
                objects.service("rpc", port=9000, target=9000),
            ],
            home,
        )
    )
    kubectl.rolled_out(home, "deployment/rpc")
    seen: Counter[str] = Counter()

    def enough() -> bool | None:
        seen.update(call(kubectl, home, "/shop.Cart/Add", 40))
        return len(seen) == 2 or None

    until("both pods to answer calls of one channel", enough)
    assert call(kubectl, home, "/shop.Cart/Fail", 3) == ["NOT_FOUND"] * 3
    page = metrics_of(kubectl, home, CLIENT)
    labels = {"direction": "outbound", "dst_service": "rpc", "tls": "true"}
    assert metric(page, "response_total", grpc_status="0", **labels) == seen.total()
    assert metric(page, "response_total", grpc_status="5", **labels) == 3


def call(kubectl: Kubectl, namespace: str, method: str, times: int) -> list[str]:
    words = ["/usr/bin/python3", "/programs/grpc_client.py", "rpc:9000", method, str(times)]
    return kubectl.exec(namespace, CLIENT, "python", words).split()


def test_pods_of_the_hosts_network_talk_both_ways(kubectl: Kubectl, home: str) -> None:
    port = 18080
    spec = objects.spec(
        objects.server(port=port), objects.shell(), hostNetwork=True, dnsPolicy="ClusterFirstWithHostNet"
    )
    kubectl.apply(*objects.placed([objects.pod("host", spec), objects.service("host", target=port)], home))
    ready(kubectl, home, "host")
    assert "initContainers" not in kubectl.get("pod", "host", "--namespace", home)["spec"]
    node = kubectl.get("pod", "host", "--namespace", home)["status"]["hostIP"]
    assert ask(kubectl, home, "http://host/")["pod"], "by its Service"
    assert ask(kubectl, home, f"http://{node}:{port}/")["pod"], "by the node's address"
    inward = ask(kubectl, home, "http://server/", pod="host")
    assert inward["client"] == "", "who proves nothing is nobody"


def test_a_classic_sidecar_is_there_before_the_program(kubectl: Kubectl, home: str) -> None:
    """As in a cluster that knows no native ones."""
    asking = "busybox wget -qO- http://server/; busybox echo; busybox sleep 99999"
    first = objects.shell() | {"command": ["busybox", "sh", "-c", asking]}
    annotations = {"config.beta.linkerd.io/proxy-enable-native-sidecar": "false"}
    kubectl.apply(*objects.placed([objects.pod("classic", objects.spec(first), annotations)], home))
    ready(kubectl, home, "classic")
    spec = kubectl.get("pod", "classic", "--namespace", home)["spec"]
    assert [container["name"] for container in spec["containers"]] == ["linkerd-proxy", "shell"]
    assert [container["name"] for container in spec["initContainers"]] == ["linkerd-init"]
    told = until("the first answer", lambda: kubectl("logs", "-n", home, "classic", "-c", "shell") or None)
    assert json.loads(told)["client"] == identity("default", home)
