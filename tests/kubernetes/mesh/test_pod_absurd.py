"""What the people of one namespace write harms nobody but them, and does not get their pods around the proxy."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from podkit import objects
from podkit.asking import CLIENT, identity, reaches, ready
from podkit.kubectl import Kubectl, until
from podkit.mesh import Namespace

POLICY = "policy.linkerd.io/v1alpha1"
SERVER = "policy.linkerd.io/v1beta3"
DEFAULT_POLICY = "config.linkerd.io/default-inbound-policy"
INJECT = {"linkerd.io/inject": "enabled"}

Document = dict[str, Any]


@pytest.fixture(scope="module")
def mine(kubectl: Kubectl, namespace: Namespace) -> str:
    """A server behind a policy that lets in a friend of its namespace."""
    name = namespace()
    server = objects.spec(objects.server())
    documents = [
        *(objects.account(who) for who in ("friend", "late")),
        objects.deployment("server", server),
        objects.deployment("other", objects.spec(objects.server()), annotations={DEFAULT_POLICY: "deny"}),
        objects.service("server"),
        objects.service("other"),
        *(objects.pod(who, objects.spec(objects.shell(), account=who)) for who in ("friend", "late")),
        server_of("server"),
        authentication("friends", name, "friend"),
        authorization("friends", {"group": "policy.linkerd.io", "kind": "Server", "name": "server"}, "friends"),
    ]
    kubectl.apply(*objects.placed(documents, name))
    kubectl.rolled_out(name, "deployment/server", "deployment/other")
    for who in ("friend", "late"):
        ready(kubectl, name, who)
    return name


@pytest.fixture(scope="module")
def theirs(kubectl: Kubectl, namespace: Namespace) -> str:
    """A namespace whose people want more: they say of their own that everybody is let in, anywhere."""
    name = namespace({**INJECT, DEFAULT_POLICY: "all-unauthenticated"})
    kubectl.apply(*objects.placed([objects.pod(CLIENT, objects.spec(objects.shell()))], name))
    ready(kubectl, name, CLIENT)
    return name


def server_of(name: str, **fields: Any) -> Document:
    spec = {"podSelector": {"matchLabels": {"app": name}}, "port": objects.PORT, "proxyProtocol": "HTTP/1", **fields}
    return {"apiVersion": SERVER, "kind": "Server", "metadata": {"name": name}, "spec": spec}


def authentication(name: str, namespace: str, account: str) -> Document:
    spec = {"identities": [identity(account, namespace)]}
    return {"apiVersion": POLICY, "kind": "MeshTLSAuthentication", "metadata": {"name": name}, "spec": spec}


def authorization(name: str, target: Mapping[str, str], by: str) -> Document:
    reference = {"group": "policy.linkerd.io", "kind": "MeshTLSAuthentication", "name": by}
    spec = {"targetRef": dict(target), "requiredAuthenticationRefs": [reference]}
    return {"apiVersion": POLICY, "kind": "AuthorizationPolicy", "metadata": {"name": name}, "spec": spec}


def route(name: str, parent: Mapping[str, Any]) -> Document:
    spec = {"parentRefs": [dict(parent)], "rules": [{"matches": [{"path": {"value": "/"}}]}]}
    return {"apiVersion": SERVER, "kind": "HTTPRoute", "metadata": {"name": name}, "spec": spec}


def hostile(mine: str, theirs: str) -> Iterator[Document]:
    """Each would let somebody in if it held for another namespace than its own."""
    group = "policy.linkerd.io"
    everywhere = {"app": "server"}
    yield authentication("friends", theirs, "default")
    yield server_of("server", accessPolicy="all-unauthenticated")
    yield server_of("other", accessPolicy="all-unauthenticated", podSelector={})
    yield authorization("friends", {"group": group, "kind": "Server", "name": "server"}, "friends")
    yield authorization("far", {"group": group, "kind": "Server", "name": "server", "namespace": mine}, "friends")
    yield authorization("whole", {"group": "core", "kind": "Namespace", "name": mine}, "friends")
    yield route("to-server", {"group": group, "kind": "Server", "name": "server", "namespace": mine})
    yield authorization("routes", {"group": group, "kind": "HTTPRoute", "name": "to-server"}, "friends")
    yield route("to-service", {"group": "core", "kind": "Service", "name": "server", "namespace": mine, "port": 80})
    yield {**objects.service("server"), "spec": {"selector": everywhere, "ports": [{"port": 80}]}}


def test_nobody_weakens_the_policy_of_another_namespace(kubectl: Kubectl, mine: str, theirs: str) -> None:
    url = f"http://server.{mine}/"
    until("the friend to be let in", lambda: reaches(kubectl, mine, "friend", url) or None)
    assert not reaches(kubectl, theirs, CLIENT, url)
    taken = 0
    for document in hostile(mine, theirs):
        given = json.dumps(objects.placed([document], theirs)[0])
        # Some are refused when they come: all the better, and not what holds here.
        taken += kubectl.attempt("apply", "--filename", "-", given=given).returncode == 0
    assert taken >= 5
    # What comes after them is in force; so would they be.
    late = {"group": "policy.linkerd.io", "kind": "Server", "name": "server"}
    own = [authentication("late", mine, "late"), authorization("late", late, "late")]
    kubectl.apply(*objects.placed(own, mine))
    until("one who comes later to be let in", lambda: reaches(kubectl, mine, "late", url) or None)
    assert not reaches(kubectl, theirs, CLIENT, url)
    assert not reaches(kubectl, theirs, CLIENT, f"http://other.{mine}/")
    assert reaches(kubectl, mine, "friend", url), "nobody took anything from it either"


ABSURD = {
    "config.linkerd.io/proxy-cpu-request": "1e999",
    "config.linkerd.io/proxy-memory-limit": "-1",
    "config.linkerd.io/proxy-log-level": "$(_pod_sa)\n\x07" + "x" * 50_000,
    "config.linkerd.io/proxy-image": "a b\nc",
    "config.linkerd.io/proxy-uid": "0",
    "config.linkerd.io/opaque-ports": "99999999999-1",
    "config.linkerd.io/shutdown-grace-period": "9" * 400 + "h",
    "config.linkerd.io/proxy-await": '{"a": [',
    "config.linkerd.io/no-such-thing": "{{ .Values }}",
    "example.com/quoted": '"\\\n$(X) \u202e',
}


def test_absurd_annotations_cost_a_pod_its_proxy_never_unnoticed(kubectl: Kubectl, theirs: str) -> None:
    """Each by itself: refused with its name, or made with a proxy that starts."""
    taken = []
    for number, (key, value) in enumerate(ABSURD.items()):
        pod = objects.placed([objects.pod(f"absurd-{number}", objects.spec(objects.shell()), {key: value})], theirs)[0]
        done = kubectl.attempt("create", "--filename", "-", given=json.dumps(pod))
        if done.returncode == 0:
            taken.append(f"absurd-{number}")
        else:
            assert key.removeprefix("config.linkerd.io/") in done.stderr
    for name in taken:
        ready(kubectl, theirs, name)
        made = kubectl.get("pod", name, "--namespace", theirs)["spec"]["initContainers"]
        assert [container["name"] for container in made] == ["linkerd-init", "linkerd-proxy"]
    assert taken


def test_all_at_the_limits_of_their_length_get_a_proxy(kubectl: Kubectl, namespace: Namespace) -> None:
    long = namespace()
    # With namespace and uid it is the name of a directory of the kubelet, which has no more than 255 bytes.
    name = ".".join(["a" * 63] * 3 + ["b" * 8])
    labels = {f"{'c' * 63}/{'d' * 63}": "e" * 63}
    pod = objects.pod(name, objects.spec(objects.shell("f" * 63)))
    pod["metadata"]["labels"] |= {"app": "g" * 63, **labels}
    kubectl.apply(*objects.placed([pod], long))
    ready(kubectl, long, name)


def test_a_name_that_no_certificate_can_carry_is_refused_at_once(kubectl: Kubectl, theirs: str) -> None:
    account = "a" * 64
    kubectl.apply(*objects.placed([objects.account(account)], theirs))
    pod = objects.placed([objects.pod("unnamable", objects.spec(objects.shell(), account=account))], theirs)[0]
    done = kubectl.attempt("create", "--filename", "-", given=json.dumps(pod))
    assert done.returncode != 0
    assert "too long for an identity" in done.stderr
