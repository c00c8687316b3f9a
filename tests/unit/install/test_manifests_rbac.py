"""Who may do what: no more than is needed, and each verb with its reason."""

from collections.abc import Iterator
from typing import Any

import pytest
from installing_sets import SETS, Document, objects, one, pods_of, rendered

from hauberk.catalog.kinds import KINDS
from hauberk.config.chart import Identity, Issuer, Values
from hauberk.install.files import templates
from hauberk.install.template import Each, Fields, Items, Node, When
from hauberk.model.kinds import kind_named

_ROLES = ("ClusterRole", "Role")
_KEYS = frozenset({"linkerd-identity-root", "linkerd-identity-issuer"})


def roles(documents: tuple[Document, ...] | list[Document]) -> list[Document]:
    return [document for document in documents if document["kind"] in _ROLES]


def _rules(node: Node) -> Iterator[Fields]:
    """Whatever has verbs."""
    match node:
        case Fields(entries=entries):
            if "verbs" in entries:
                yield node
            for inner in entries.values():
                yield from _rules(inner)
        case Items(items=items):
            for inner in items:
                yield from _rules(inner)
        case When(then=then, otherwise=otherwise):
            yield from _rules(then)
            if otherwise is not None:
                yield from _rules(otherwise)
        case Each(do=do):
            yield from _rules(do)


def test_every_verb_has_a_reason() -> None:
    found = [rule for nodes in templates().values() for node in nodes for rule in _rules(node)]
    assert len(found) > 15
    for rule in found:
        verbs = rule.entries["verbs"]
        assert isinstance(verbs, Items)
        assert len(verbs.reasons) == len(verbs.items)
        assert all(len(reason) > 10 for reason in verbs.reasons), verbs


@pytest.mark.parametrize("name", SETS)
def test_nothing_is_said_by_a_wildcard(name: str) -> None:
    for role in roles(rendered(name)):
        for rule in role["rules"]:
            for field in ("apiGroups", "resources", "verbs"):
                assert rule[field]
                assert not any("*" in word for word in rule[field])


@pytest.mark.parametrize("name", SETS)
def test_what_is_written_is_named_unless_it_cannot_be(name: str) -> None:
    """RBAC cannot limit create and list; statuses of all names are patched, and pods deleted where that is chosen."""
    for role in roles(rendered(name)):
        for rule in role["rules"]:
            writes = {"update", "patch", "delete"} & set(rule["verbs"])
            if "delete" in writes:
                assert (role["metadata"]["name"], rule["resources"]) == ("linkerd-mesh-1-cni", ["pods"])
            elif writes and not all(resource.endswith("/status") for resource in rule["resources"]):
                assert rule.get("resourceNames"), (role["metadata"]["name"], rule)


@pytest.mark.parametrize("name", SETS)
def test_secrets_are_never_listed_and_never_anybody_elses(name: str) -> None:
    for role in roles(rendered(name)):
        for rule in role["rules"]:
            if "secrets" not in rule["resources"]:
                continue
            assert role["kind"] == "Role"
            assert not {"list", "watch", "delete", "patch"} & set(rule["verbs"])
            if not rule.get("resourceNames"):
                assert rule["verbs"] == ["create"]
            elif _KEYS & set(rule["resourceNames"]):
                assert role["metadata"]["name"] == "linkerd-identity"


def test_nobody_can_give_rights_to_anybody() -> None:
    forbidden = {"rbac.authorization.k8s.io", "certificates.k8s.io", "policy"}
    for role in roles(rendered("ha")):
        for rule in role["rules"]:
            assert not forbidden & set(rule["apiGroups"])
            assert not {"pods/exec", "serviceaccounts/token", "users", "groups"} & set(rule["resources"])
            assert not {"escalate", "bind", "impersonate"} & set(rule["verbs"])


@pytest.mark.parametrize(
    ("scheme", "external_ca", "secrets", "maps"),
    [
        ("generated", False, {"get", "update", "create"}, {"get", "update", "create"}),
        ("kubernetes.io/tls", False, {"get"}, {"get", "update", "create"}),
        ("kubernetes.io/tls", True, {"get"}, {"get"}),
    ],
)
def test_what_is_somebody_elses_is_only_read(scheme: Any, external_ca: bool, secrets: set[str], maps: set[str]) -> None:
    values = Values(identity=Identity(issuer=Issuer(scheme=scheme), external_ca=external_ca))
    role = one(objects(values), "Role", "linkerd-identity")
    found: dict[str, set[str]] = {}
    for rule in role["rules"]:
        for resource in rule["resources"]:
            found.setdefault(resource, set()).update(rule["verbs"])
    assert (found["secrets"], found["configmaps"]) == (secrets, maps)
    names = {name for rule in role["rules"] for name in rule.get("resourceNames", [])}
    assert ("linkerd-identity-root" in names) == (scheme == "generated")


def test_the_destination_controller_may_read_what_the_catalog_needs() -> None:
    role = one(rendered(), "ClusterRole", "linkerd-hauberk-destination")
    allowed = {
        (group, resource)
        for rule in role["rules"]
        if {"list", "watch"} <= set(rule["verbs"]) and not rule.get("resourceNames")
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }
    assert allowed == {(group, kind_named(group, kind).plural) for group, kind in KINDS}


def test_what_is_asked_about_is_what_the_mesh_reads() -> None:
    """The validator is asked about each kind of policy and route, and about nothing else."""
    configuration = one(rendered(), "ValidatingWebhookConfiguration", "linkerd-hauberk-policy-validator")
    asked = {
        (group, resource)
        for rule in configuration["webhooks"][0]["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }
    ours = ("policy.linkerd.io", "gateway.networking.k8s.io")
    assert asked == {(group, kind_named(group, kind).plural) for group, kind in KINDS if group in ours}


@pytest.mark.parametrize("name", SETS)
def test_every_role_is_bound_to_the_account_of_a_pod(name: str) -> None:
    documents = rendered(name)
    accounts = {each["metadata"]["name"] for each in documents if each["kind"] == "ServiceAccount"}
    made = [each for kind in ("Deployment", "DaemonSet") for each in pods_of(documents, kind).values()]
    users = {pod["spec"]["serviceAccountName"] for pod in made}
    assert users == accounts
    bound = set()
    for binding in (each for each in documents if each["kind"].endswith("RoleBinding")):
        (subject,) = binding["subjects"]
        namespace = SETS[name][0] + ("-cni" if subject["name"] == "linkerd-cni" else "")
        assert (subject["name"] in accounts, subject["namespace"]) == (True, namespace)
        bound.add((binding["roleRef"]["kind"], binding["roleRef"]["name"]))
    assert bound == {(role["kind"], role["metadata"]["name"]) for role in roles(documents)}
