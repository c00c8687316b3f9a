"""What proxies could not act on is refused by name; what has no effect is said."""

from typing import Any

import pytest

from hauberk.model.parse import ManifestInvalid, parse_manifest, warnings

Manifest = dict[str, Any]


def route(rule: Manifest, **spec: Any) -> Manifest:
    parents = [{"group": "core", "kind": "Service", "name": "web"}]
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": "web"},
        "spec": {"parentRefs": parents, "rules": [rule], **spec},
    }


def grpc(rule: Manifest, **spec: Any) -> Manifest:
    return {**route(rule, **spec), "kind": "GRPCRoute"}


def calls(match: Manifest) -> Manifest:
    return grpc({"matches": [match]})


def path(kind: str, value: str) -> Manifest:
    return {"matches": [{"path": {"type": kind, "value": value}}]}


def filtered(kind: str, settings: Manifest) -> Manifest:
    return {"filters": [{"type": kind, kind[0].lower() + kind[1:]: settings}]}


def policy(kind: str, spec: Manifest) -> Manifest:
    return {"apiVersion": "policy.linkerd.io/v1alpha1", "kind": kind, "metadata": {"name": "x"}, "spec": spec}


def plain(kind: str, *, labels: Manifest | None = None, annotations: Manifest | None = None) -> Manifest:
    metadata = {"name": "x", "labels": labels or {}, "annotations": annotations or {}}
    spec = {"spec": {"ports": [{"port": 80}]}} if kind == "Service" else {}
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, **spec}


def limits(**spec: Any) -> Manifest:
    target = {"group": "policy.linkerd.io", "kind": "Server", "name": "web"}
    return policy("HTTPLocalRateLimitPolicy", {"targetRef": target, **spec})


def rate(requests_per_second: int) -> Manifest:
    return {"requestsPerSecond": requests_per_second}


def override(requests_per_second: int, *clients: Manifest) -> Manifest:
    return limits(total=rate(10), overrides=[{**rate(requests_per_second), "clientRefs": list(clients)}])


CLIENT = {"kind": "ServiceAccount", "name": "web"}
OVERRIDE = "spec.overrides[0]"
RULE = "spec.rules[0]"
HEADER = f"{RULE}.matches[0].headers[0].value"
NOT_READY = "spec.publishNotReadyAddresses"
STATUS = {"conditions": [{"type": "Accepted", "status": "True"}]}
CLOSE = "spec.trafficDistribution"
SERVICE = {"group": "core", "kind": "Service", "name": "web"}
SERVER = {"group": "policy.linkerd.io", "kind": "Server", "name": "web"}
BACKEND = {"name": "web", "port": 80}
OF_GRPC = {"group": "policy.linkerd.io", "kind": "GRPCRoute", "name": "web"}


@pytest.mark.parametrize(
    ("manifest", "field"),
    [
        (route(path("RegularExpression", "/users/{id}")), f"{RULE}.matches[0].path.value"),
        (route(path("Exact", "/a?b=c")), f"{RULE}.matches[0].path.value"),
        (route(path("PathPrefix", "/a b")), f"{RULE}.matches[0].path.value"),
        (route({}, hostnames=[f"*.{'a' * 64}"]), "spec.hostnames[0]"),
        (route(filtered("RequestRedirect", {"hostname": "a.1"})), f"{RULE}.filters[0].requestRedirect.hostname"),
        (
            route(filtered("RequestRedirect", {"path": {"type": "ReplaceFullPath", "replaceFullPath": "/a\nb"}})),
            f"{RULE}.filters[0].requestRedirect.path.replaceFullPath",
        ),
        (
            route(filtered("RequestHeaderModifier", {"remove": [f"x-{n}" for n in range(17)]})),
            f"{RULE}.filters[0].requestHeaderModifier.remove",
        ),
        (policy("MeshTLSAuthentication", {"identities": ["a"] * 1001}), "spec.identities"),
        (policy("MeshTLSAuthentication", {"identities": [f"*.{'a' * 64}.b"]}), "spec.identities[0]"),
        (policy("MeshTLSAuthentication", {"identities": ["spiffe://["]}), "spec.identities[0]"),
        (
            policy("MeshTLSAuthentication", {"identityRefs": [{"kind": "Namespace", "name": "a" * 64}]}),
            "spec.identityRefs[0].name",
        ),
        (policy("NetworkAuthentication", {"networks": [{"cidr": "10.0.0.0/8"}] * 1001}), "spec.networks"),
        (limits(), "spec"),
        (limits(total=rate(0)), "spec.total.requestsPerSecond"),
        (limits(total=rate(2**32)), "spec.total.requestsPerSecond"),
        (limits(total=rate(1), identity=rate(2)), "spec.identity.requestsPerSecond"),
        (limits(total=rate(1), targetRef={"kind": "Server", "name": "web"}), "spec.targetRef.group"),
        (
            limits(total=rate(1), targetRef={"group": "policy.linkerd.io", "kind": "HTTPRoute", "name": "web"}),
            "spec.targetRef.kind",
        ),
        (override(11, CLIENT), f"{OVERRIDE}.requestsPerSecond"),
        (override(1), f"{OVERRIDE}.clientRefs"),
        (override(1, {"kind": "Namespace", "name": "web"}), f"{OVERRIDE}.clientRefs[0].kind"),
        (
            plain("Service", annotations={"balancer.linkerd.io/failure-accrual": "consecutive"}),
            "metadata.annotations[balancer.linkerd.io/failure-accrual]",
        ),
        (
            plain("Service", annotations={"retry.linkerd.io/http": "5xx"}),
            "metadata.annotations[retry.linkerd.io/http]",
        ),
        (
            {**route({}), "metadata": {"name": "web", "annotations": {"timeout.linkerd.io/request": "1s"}}},
            "metadata.annotations[timeout.linkerd.io/request]",
        ),
        (route({"timeouts": {"request": "1.5s"}}), f"{RULE}.timeouts.request"),
        (route({"timeouts": {"request": "1s", "backendRequest": "2s"}}), f"{RULE}.timeouts.backendRequest"),
        (
            route({"timeouts": {"request": "1s"}}, parentRefs=[SERVER]),
            f"{RULE}.timeouts",
        ),
        (
            route(filtered("ResponseHeaderModifier", {"remove": ["x"]}), parentRefs=[SERVER]),
            f"{RULE}.filters[0].type",
        ),
        (route({"backendRefs": [BACKEND]}, parentRefs=[SERVER]), f"{RULE}.backendRefs"),
        (
            route({"backendRefs": [{**BACKEND, **filtered("RequestRedirect", {"port": 81})}]}),
            f"{RULE}.backendRefs[0].filters[0].type",
        ),
        (route({"matches": [{}] * 65}), f"{RULE}.matches"),
        (route({"name": "Not a name"}), f"{RULE}.name"),
        (route({}, rules=[{"name": "a"}, {"name": "a"}]), "spec.rules[1].name"),
        (route({}, rules=[{"matches": [{}] * 43}] * 3), "spec.rules"),
        (route({}, parentRefs=[{**SERVICE, "sectionName": "a b"}]), "spec.parentRefs[0].sectionName"),
        (route({}, parentRefs=[{**SERVER, "sectionName": "http"}]), "spec.parentRefs[0].sectionName"),
        (calls({"method": {"type": "RegularExpression", "service": ".*"}}), f"{RULE}.matches[0].method.type"),
        (calls({"method": {"type": "Prefix", "service": "a"}}), f"{RULE}.matches[0].method.type"),
        (calls({"method": {}}), f"{RULE}.matches[0].method"),
        (calls({"method": {"service": "a..b"}}), f"{RULE}.matches[0].method.service"),
        (calls({"method": {"method": "a/b"}}), f"{RULE}.matches[0].method.method"),
        (calls({"headers": [{"name": "x", "value": "(", "type": "RegularExpression"}]}), HEADER),
        (grpc(filtered("ResponseHeaderModifier", {"remove": ["x"]})), f"{RULE}.filters[0].type"),
        (grpc(filtered("RequestMirror", {})), f"{RULE}.filters[0].requestMirror"),
        (grpc({}, parentRefs=[{"name": "gateway"}]), "spec.parentRefs[0].kind"),
        (grpc({}, parentRefs=[]), "spec.parentRefs"),
        (
            {**grpc({}), "metadata": {"name": "web", "annotations": {"retry.linkerd.io/grpc": "internal"}}},
            "metadata.annotations[retry.linkerd.io/grpc]",
        ),
        (
            policy("AuthorizationPolicy", {"targetRef": OF_GRPC, "requiredAuthenticationRefs": []}),
            "spec.targetRef.group",
        ),
        ({**plain("Service"), "spec": {"ports": [{"port": 80}], "publishNotReadyAddresses": True}}, NOT_READY),
        ({**plain("Service"), "spec": {"ports": [{"port": 80}], "trafficDistribution": "PreferClose"}}, CLOSE),
        ({**plain("Service"), "spec": {"type": "ExternalName", "ports": [{"port": 80}]}}, "spec.type"),
        (route({"retry": {"attempts": 2}}), f"{RULE}.retry"),
        (
            plain("ServiceAccount", annotations={"hauberk.dev/allowed-uids": "1000;1001"}),
            "metadata.annotations[hauberk.dev/allowed-uids]",
        ),
    ],
)
def test_what_could_not_be_honoured_is_refused_with_its_field(manifest: Manifest, field: str) -> None:
    with pytest.raises(ManifestInvalid) as refused:
        parse_manifest(manifest, source="x.yaml")
    assert [problem.field for problem in refused.value.problems] == [field]


@pytest.mark.parametrize(
    ("manifest", "warning"),
    [
        (plain("Namespace", annotations={"linkerd.io/inject": "enabled"}), "annotation linkerd.io/inject"),
        (plain("Service", labels={"mirror.linkerd.io/exported": "true"}), "label mirror.linkerd.io/exported"),
        (plain("Namespace", annotations={"viz.linkerd.io/disable-tap": "true"}), "viz.linkerd.io/disable-tap"),
        (plain("Namespace", annotations={"config.linkerd.io/opaque-port": "1"}), "config.linkerd.io/opaque-port "),
        (plain("ServiceAccount", annotations={"hauberk.dev/allowed-uid": "1"}), "hauberk.dev/allowed-uid "),
    ],
)
def test_what_asks_the_mesh_for_something_it_does_not_do_is_warned_about(manifest: Manifest, warning: str) -> None:
    (said,) = warnings(parse_manifest(manifest, source="x.yaml"))
    assert warning in said


def test_a_rate_limit_needs_one_limit_and_no_other() -> None:
    for manifest in (limits(identity=rate(5)), override(10, CLIENT), {**limits(total=rate(1)), "status": STATUS}):
        assert parse_manifest(manifest, source="x.yaml").kind == "HTTPLocalRateLimitPolicy"


def test_what_is_honoured_or_not_ours_is_not_warned_about() -> None:
    annotations = {"config.linkerd.io/opaque-ports": "80", "example.com/linkerd.io": "x", "linkerd.io/created-by": "x"}
    assert not warnings(parse_manifest(plain("Namespace", annotations=annotations), source="x.yaml"))


@pytest.mark.parametrize(
    "manifest",
    [
        route(filtered("RequestHeaderModifier", {"remove": ["x"]}), parentRefs=[SERVER]),
        route(filtered("RequestRedirect", {"statusCode": 308}), parentRefs=[SERVER]),
        grpc(filtered("RequestHeaderModifier", {"remove": ["x"]}), parentRefs=[SERVER]),
    ],
)
def test_what_a_server_does_to_requests_is_taken(manifest: Manifest) -> None:
    parse_manifest(manifest, source="x.yaml")
