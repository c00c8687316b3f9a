import pytest

from hauberk.client.refused import Refused, hint_for, refused

HEAD = 'secrets is forbidden: User "alice" cannot '


@pytest.mark.parametrize(
    ("message", "found", "question"),
    [
        (
            HEAD + 'list resource "secrets" in API group "" in the namespace "shop"',
            Refused("alice", "list", "secrets", "shop"),
            "kubectl auth can-i list secrets -n shop",
        ),
        (
            HEAD + 'create resource "deployments" in API group "apps" in the namespace "a": RBAC: role not found',
            Refused("alice", "create", "deployments.apps", "a"),
            "kubectl auth can-i create deployments.apps -n a",
        ),
        (
            HEAD + 'list resource "nodes" in API group "" at the cluster scope',
            Refused("alice", "list", "nodes"),
            "kubectl auth can-i list nodes",
        ),
        (
            HEAD + 'update resource "deployments/scale" in API group "apps" in the namespace "a"',
            Refused("alice", "update", "deployments.apps/scale", "a"),
            "kubectl auth can-i update deployments.apps/scale -n a",
        ),
        (
            'forbidden: User "system:anonymous" cannot get path "/version"',
            Refused("system:anonymous", "get", "/version"),
            "kubectl auth can-i get /version",
        ),
    ],
)
def test_who_may_not_do_what(message: str, found: Refused, question: str) -> None:
    assert refused(message) == found
    assert found.question == question
    assert question in hint_for(message, unknown=False)
    assert found.user in hint_for(message, unknown=False)


@pytest.mark.parametrize("message", ["", "no", 'pods "a" is forbidden: violates PodSecurity', 'User "x" cannot fly'])
def test_other_words(message: str) -> None:
    assert refused(message) is None
    assert "kubectl auth can-i --list" in hint_for(message, unknown=False)


def test_who_is_not_known_has_to_log_in() -> None:
    assert "kubectl auth whoami" in hint_for("Unauthorized", unknown=True)
