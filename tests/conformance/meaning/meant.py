"""The manifests of these tests, in few words."""

from collections.abc import Mapping, Sequence
from typing import Any

POLICY, GATEWAY = "policy.linkerd.io", "gateway.networking.k8s.io"
APIS = (f"{GATEWAY}/v1", f"{POLICY}/v1beta3")
"""In which an HTTPRoute may be written."""

Document = dict[str, Any]


def resource(api: str, kind: str, name: str, **spec: Any) -> Document:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name}, "spec": spec}


def route(
    name: str, rules: Sequence[Mapping[str, Any]], *, parent: Mapping[str, Any] | None = None, api: str = APIS[0]
) -> Document:
    """Of the Service `one`, unless there is another parent."""
    of = parent or {"group": "", "kind": "Service", "name": "one", "port": 80}
    return resource(api, "HTTPRoute", name, parentRefs=[of], rules=list(rules))


def to(**weights: int) -> list[Document]:
    """Backends."""
    return [{"name": name, "port": 80, "weight": weight} for name, weight in weights.items()]


def path(value: str, kind: str = "PathPrefix") -> Document:
    return {"path": {"type": kind, "value": value}}


def changes(kind: str, **fields: Any) -> Document:
    """A filter."""
    return {"type": kind, kind[0].lower() + kind[1:]: fields}


def server(**more: Any) -> Document:
    """The port of `one`."""
    spec = {"podSelector": {"matchLabels": {"app": "one"}}, "port": 8080, "proxyProtocol": "HTTP/1", **more}
    return resource(f"{POLICY}/v1beta3", "Server", "one", **spec)


def allow(name: str, *required: tuple[str, str], target: tuple[str, str] = ("Server", "one")) -> Document:
    """`required` and `target`: kind and name."""
    core = ("ServiceAccount", "Pod")
    refs = [{"group": "" if kind in core else POLICY, "kind": kind, "name": of} for kind, of in required]
    aim = {"group": POLICY, "kind": target[0], "name": target[1]}
    return resource(f"{POLICY}/v1alpha1", "AuthorizationPolicy", name, targetRef=aim, requiredAuthenticationRefs=refs)
