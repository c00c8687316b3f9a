"""What may be written to a cluster."""

from typing import Any

import pytest

from hauberk.apiserver.validate import validate

SERVER = {
    "apiVersion": "policy.linkerd.io/v1beta3",
    "kind": "Server",
    "metadata": {
        "name": "web",
        "uid": "u",
        "resourceVersion": "7",
        "managedFields": [{}],
        "finalizers": ["other.io/x"],
    },
    "spec": {"podSelector": {"matchLabels": {"app": "web"}}, "port": 80, "proxyProtocol": "HTTP/1"},
}


def route(parent: dict[str, Any], **rule: Any) -> dict[str, Any]:
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": "web"},
        "spec": {"parentRefs": [parent], "rules": [rule]},
    }


SERVICE = {"group": "", "kind": "Service", "name": "web", "port": 80}
GATEWAY = {"name": "ingress"}
MIRROR = {"filters": [{"type": "RequestMirror", "requestMirror": {"backendRef": {"name": "b", "port": 80}}}]}


def test_what_plain_machines_take_is_taken_with_what_the_api_server_adds() -> None:
    verdict = validate(SERVER, namespace="default")
    assert (verdict.allowed, verdict.message) == (True, "")


def test_a_status_is_not_the_authors_to_be_judged() -> None:
    assert validate({**SERVER, "status": {"odd": 1}}, namespace="default").allowed


@pytest.mark.parametrize(
    "spec",
    [
        {**SERVER["spec"], "proxyProtocol": "HTTP/9"},  # type: ignore[dict-item]
        {**SERVER["spec"], "accessPolicy": "everybody"},  # type: ignore[dict-item]
        {**SERVER["spec"], "misspelt": 1},  # type: ignore[dict-item]
        {"port": 80},
        "none",
    ],
    ids=["protocol", "policy", "unknown field", "no selector", "no object"],
)
def test_what_plain_machines_refuse_is_refused_with_the_reason(spec: Any) -> None:
    verdict = validate({**SERVER, "spec": spec}, namespace="default")
    assert not verdict.allowed
    assert verdict.message


@pytest.mark.parametrize("rule", [MIRROR, {"odd": True}], ids=["not honoured", "unknown"])
def test_routes_of_other_implementations_are_not_ours_to_judge(rule: dict[str, Any]) -> None:
    verdict = validate(route(GATEWAY, **rule), namespace="default")
    assert (verdict.allowed, verdict.warnings) == (True, ())


def test_what_a_route_of_the_mesh_says_in_vain_is_a_warning() -> None:
    verdict = validate(route(SERVICE, **MIRROR), namespace="default")
    assert verdict.allowed
    assert verdict.warnings
    assert all(len(warning) <= 120 for warning in verdict.warnings)


@pytest.mark.parametrize("document", [{}, {"kind": 7}, {"apiVersion": [], "kind": "Server", "metadata": "x"}])
def test_nonsense_is_refused(document: dict[str, Any]) -> None:
    assert not validate(document, namespace="default").allowed
