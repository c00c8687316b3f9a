"""What policies of a Server mean, and what is no policy."""

from collections.abc import Iterator

import pytest
from meant import POLICY, allow, path, resource, route, server
from stages import Stage, asked
from waiting import until


def status(stage: Stage, visitor: str, where: str = "/") -> int:
    return asked(stage, visitor, "one", where).status


@pytest.fixture
def guarded(stage: Stage) -> Iterator[Stage]:
    """Nobody is let in but by what a test adds and takes away."""
    assert stage.apply(server()) == ""
    until("nobody is let in", lambda: status(stage, "friend") == 403)
    yield stage
    stage.delete("servers.policy.linkerd.io", "one")
    until("everybody is let in", lambda: status(stage, "stranger") == 200)


def test_an_account_is_let_in_and_others_are_not(guarded: Stage) -> None:
    assert guarded.apply(allow("friends", ("ServiceAccount", "friend"))) == ""
    until("the friend is let in", lambda: status(guarded, "friend") == 200)
    assert status(guarded, "stranger") == 403
    guarded.delete("authorizationpolicies", "friends")


def test_all_of_the_mesh_may_be_let_in(guarded: Stage) -> None:
    everybody = resource(f"{POLICY}/v1alpha1", "MeshTLSAuthentication", "mesh", identities=["*"])
    assert guarded.apply(everybody, allow("everybody", ("MeshTLSAuthentication", "mesh"))) == ""
    until("the stranger is let in", lambda: status(guarded, "stranger") == 200)
    guarded.delete("authorizationpolicies", "everybody")
    guarded.delete("meshtlsauthentications", "mesh")


def test_a_network_is_let_in_but_for_what_is_excepted(guarded: Stage) -> None:
    everywhere = [{"cidr": "0.0.0.0/0"}, {"cidr": "::/0"}]
    network = resource(f"{POLICY}/v1alpha1", "NetworkAuthentication", "net", networks=everywhere)
    assert guarded.apply(network, allow("net", ("NetworkAuthentication", "net"))) == ""
    until("the stranger is let in", lambda: status(guarded, "stranger") == 200)
    excepted = [{"cidr": "0.0.0.0/0", "except": ["0.0.0.0/1", "128.0.0.0/1"]}]
    assert guarded.apply(resource(f"{POLICY}/v1alpha1", "NetworkAuthentication", "net", networks=excepted)) == ""
    until("the stranger is not let in", lambda: status(guarded, "stranger") == 403)
    guarded.delete("authorizationpolicies", "net")
    guarded.delete("networkauthentications", "net")


def test_a_route_of_a_server_has_policies_of_its_own(guarded: Stage) -> None:
    parent = {"group": POLICY, "kind": "Server", "name": "one"}
    api = f"{POLICY}/v1beta3"
    public = route("public", [{"matches": [path("/public")]}], parent=parent, api=api)
    rest = route("rest", [{"matches": [path("/")]}], parent=parent, api=api)
    everybody = resource(f"{POLICY}/v1alpha1", "MeshTLSAuthentication", "mesh", identities=["*"])
    policies = [
        allow("public", ("MeshTLSAuthentication", "mesh"), target=("HTTPRoute", "public")),
        allow("rest", ("ServiceAccount", "friend"), target=("HTTPRoute", "rest")),
    ]
    assert guarded.apply(everybody, public, rest, *policies) == ""
    until("the friend is let in", lambda: status(guarded, "friend", "/private") == 200)
    assert status(guarded, "stranger", "/public/page") == 200
    assert status(guarded, "stranger", "/private") == 403
    assert status(guarded, "stranger", "/public/../private") == 403
    for kind, name in (
        *(("authorizationpolicies", name) for name in ("public", "rest")),
        *(("httproutes.policy.linkerd.io", name) for name in ("public", "rest")),
        ("meshtlsauthentications", "mesh"),
    ):
        guarded.delete(kind, name)


def test_a_limit_of_requests_is_kept(guarded: Stage) -> None:
    spec = {"targetRef": {"group": POLICY, "kind": "Server", "name": "one"}, "identity": {"requestsPerSecond": 1}}
    limit = resource(f"{POLICY}/v1alpha1", "HTTPLocalRateLimitPolicy", "one", **spec)
    assert guarded.apply(limit, allow("friends", ("ServiceAccount", "friend"))) == ""
    until("the limit is reached", lambda: status(guarded, "friend") == 429)
    guarded.delete("httplocalratelimitpolicies", "one")
    until("there is none", lambda: all(status(guarded, "friend") == 200 for _ in range(4)))
    guarded.delete("authorizationpolicies", "friends")


@pytest.mark.parametrize(
    ("document", "field"),
    [
        (allow("wrong", ("Pod", "friend")), "requiredAuthenticationRefs"),
        (resource(f"{POLICY}/v1alpha1", "NetworkAuthentication", "wrong", networks=[{"cidr": "300.0.0.0/8"}]), "cidr"),
        (server(accessPolicy="everybody"), "accessPolicy"),
    ],
    ids=["a kind", "a network", "a word"],
)
def test_what_makes_no_sense_is_refused_by_the_name_of_its_field(
    stage: Stage, document: dict[str, object], field: str
) -> None:
    assert field in stage.apply(document)
