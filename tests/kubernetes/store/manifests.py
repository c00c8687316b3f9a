"""Manifests of the mesh's own kinds: those that documentation and other tests have, and some that say too much."""

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from documents import Document, policy

from hauberk.model.kinds import POLICY
from hauberk.model.yaml import documents

ROOT = Path(__file__).parents[3]
_BLOCK = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)
_MARKDOWN = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))


def written() -> list[Document]:
    """From the documentation and the demo."""
    texts = [(str(path), path.read_text()) for path in sorted((ROOT / "demo" / "manifests").glob("*.yaml"))]
    texts += [(str(path), block) for path in _MARKDOWN for block in _BLOCK.findall(path.read_text())]
    found = [dict(document.raw) for file, text in texts for document in documents(text, file=file)]
    return [document for document in found if _is_ours(document)]


def refused_by_rules() -> list[Document]:
    """What the model's own tests say that it refuses."""
    path = ROOT / "tests" / "unit" / "model" / "test_admission_rules.py"
    spec = importlib.util.spec_from_file_location("admission_rules_of_the_model", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    test: Any = module.test_what_could_not_be_honoured_is_refused_with_its_field
    moved = [_moved(manifest) for manifest, _ in test.pytestmark[0].args[1]]
    return [manifest for manifest in moved if _is_ours(manifest)]


def _is_ours(document: Document) -> bool:
    return str(document["apiVersion"]).startswith(f"{POLICY}/")


def _moved(manifest: Document) -> Document:
    """A route of the Gateway API as one of the mesh's own group."""
    if manifest["kind"] != "HTTPRoute":
        return manifest
    return {**manifest, "apiVersion": f"{POLICY}/v1beta3"}


def server(version: str = "v1beta3", **spec: Any) -> Document:
    return policy("Server", "x", {"podSelector": {}, "port": 80, **spec}, version=version)


def route(version: str = "v1beta3", **rule: Any) -> Document:
    parents = [{"group": "core", "kind": "Service", "name": "web"}]
    return policy("HTTPRoute", "x", {"parentRefs": parents, "rules": [rule]}, version=version)


def authorization(*references: Document) -> Document:
    target = {"group": POLICY, "kind": "Server", "name": "web"}
    return policy("AuthorizationPolicy", "x", {"targetRef": target, "requiredAuthenticationRefs": list(references)})


def limits(**spec: Any) -> Document:
    target = {"group": POLICY, "kind": "Server", "name": "web"}
    return policy("HTTPLocalRateLimitPolicy", "x", {"targetRef": target, **spec})


MESH_TLS = {"group": POLICY, "kind": "MeshTLSAuthentication", "name": "x"}
NETWORK = {"group": POLICY, "kind": "NetworkAuthentication", "name": "x"}
ACCOUNT = {"kind": "ServiceAccount", "name": "x", "namespace": "elsewhere"}

GOOD: tuple[Document, ...] = (
    server(),
    server(port="http", proxyProtocol="opaque", accessPolicy="all-authenticated"),
    server("v1beta2", accessPolicy="audit"),
    server("v1beta1"),
    server("v1alpha1", proxyProtocol="gRPC"),
    server(podSelector={"matchExpressions": [{"key": "app", "operator": "In", "values": ["a"]}]}),
    route(),
    route("v1alpha1", matches=[{"path": {"value": "/a"}, "method": "GET"}]),
    route(matches=[{"headers": [{"name": "x", "value": "y"}], "queryParams": [{"name": "q", "value": "1"}]}]),
    route(backendRefs=[{"name": "web", "port": 80}, {"name": "next", "port": 80, "weight": 0}]),
    route(filters=[{"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": [{"name": "a", "value": "b"}]}}]),
    route(filters=[{"type": "RequestRedirect", "requestRedirect": {"hostname": "a.example", "statusCode": 301}}]),
    route(timeouts={"request": "1s"}),
    policy("HTTPRoute", "x", {"parentRefs": [{"kind": "Server", "name": "web"}]}, version="v1beta3"),
    authorization(),
    authorization(MESH_TLS, NETWORK),
    authorization(ACCOUNT),
    policy("MeshTLSAuthentication", "x", {"identities": ["*", "a.b.serviceaccount.identity.hauberk.cluster.local"]}),
    policy("MeshTLSAuthentication", "x", {"identityRefs": [{"kind": "Namespace", "name": "x"}]}),
    policy("NetworkAuthentication", "x", {"networks": [{"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}]}),
    limits(total={"requestsPerSecond": 10}, identity={"requestsPerSecond": 10}),
    limits(overrides=[{"requestsPerSecond": 5, "clientRefs": [{"kind": "ServiceAccount", "name": "x"}]}]),
)

BAD: tuple[Document, ...] = (
    policy("Server", "x", {"port": 80}, version="v1beta3"),
    policy("Server", "x", {"podSelector": {}}, version="v1beta3"),
    server(port={"number": 80}),
    server(proxyProtocol="http"),
    server(accessPolicy="allow"),
    server(accesPolicy="deny"),
    server("v1beta1", accessPolicy="audit"),
    server(externalWorkloadSelector={}),
    route(matches=[{"path": {"type": "Regex", "value": "/"}}]),
    route(matches=[{"method": "get"}]),
    route(filters=[{"type": "URLRewrite", "urlRewrite": {}}]),
    route(backendRefs=[{"name": "web"}]),
    route(backendRefs=[{"name": "web", "port": 0}]),
    route(backendRefs=[{"name": "web", "port": 80, "weight": -1}]),
    route(backendRefs=[{"name": "web", "port": 80, "kind": "Bucket"}]),
    route(matches=[{}] * 65),
    route(retry={"attempts": 2}),
    policy("HTTPRoute", "x", {"rules": []}, version="v1beta3"),
    policy("HTTPRoute", "x", {"parentRefs": [{"name": "web"}]}, version="v1beta3"),
    policy("AuthorizationPolicy", "x", {"targetRef": {"kind": "Server", "name": "web"}}),
    authorization(MESH_TLS, ACCOUNT),
    authorization(NETWORK, NETWORK),
    authorization({"kind": "User", "name": "x"}),
    policy("MeshTLSAuthentication", "x", {}),
    policy("MeshTLSAuthentication", "x", {"identities": []}),
    policy("MeshTLSAuthentication", "x", {"identities": ["*"], "identityRefs": [{"kind": "Namespace", "name": "x"}]}),
    policy("NetworkAuthentication", "x", {"networks": []}),
    policy("NetworkAuthentication", "x", {"networks": [{"except": ["10.1.0.0/16"]}]}),
    limits(),
    limits(total={"requestsPerSecond": 0}),
    limits(total={"requestsPerSecond": 1}, identity={"requestsPerSecond": 2}),
    limits(
        total={"requestsPerSecond": 1},
        overrides=[{"requestsPerSecond": 2, "clientRefs": [{"kind": "ServiceAccount", "name": "x"}]}],
    ),
)
"""What the schemas have to refuse by themselves: it is plain from the shape, or two numbers."""


def everything() -> Iterator[Document]:
    yield from (*written(), *GOOD, *BAD, *refused_by_rules())
