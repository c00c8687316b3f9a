"""The resources that tests apply."""

from collections.abc import Mapping, Sequence
from typing import Any

POLICY = "policy.linkerd.io"
GATEWAY = "gateway.networking.k8s.io"


def server(name: str, port: int, protocol: str, **spec: Any) -> dict[str, Any]:
    """One port of the workload `name`; the Server is called NAME-PORT."""
    selector = {"podSelector": {"matchLabels": {"app": name}}, "port": port, "proxyProtocol": protocol}
    return _resource(f"{POLICY}/v1beta3", "Server", f"{name}-{port}", {**selector, **spec})


def accounts(name: str, *accounts: str) -> dict[str, Any]:
    refs = [{"kind": "ServiceAccount", "name": account} for account in accounts]
    return _resource(f"{POLICY}/v1alpha1", "MeshTLSAuthentication", name, {"identityRefs": refs})


def networks(name: str, *cidrs: str) -> dict[str, Any]:
    spec = {"networks": [{"cidr": cidr} for cidr in cidrs]}
    return _resource(f"{POLICY}/v1alpha1", "NetworkAuthentication", name, spec)


def authorization(name: str, target: tuple[str, str], *required: tuple[str, str]) -> dict[str, Any]:
    """`target` and `required`: kind and name."""
    spec = {
        "targetRef": {"group": POLICY, "kind": target[0], "name": target[1]},
        "requiredAuthenticationRefs": [{"group": POLICY, "kind": kind, "name": name} for kind, name in required],
    }
    return _resource(f"{POLICY}/v1alpha1", "AuthorizationPolicy", name, spec)


def route(
    name: str, parent: Mapping[str, Any], rules: Sequence[Mapping[str, Any]], *, api: str = f"{GATEWAY}/v1"
) -> dict[str, Any]:
    return _resource(api, "HTTPRoute", name, {"parentRefs": [parent], "rules": list(rules)})


def grpc_route(name: str, parent: Mapping[str, Any], rules: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return _resource(f"{GATEWAY}/v1", "GRPCRoute", name, {"parentRefs": [parent], "rules": list(rules)})


def service_parent(name: str, port: int = 80) -> dict[str, Any]:
    return {"group": "", "kind": "Service", "name": name, "port": port}


def server_parent(name: str) -> dict[str, Any]:
    return {"group": POLICY, "kind": "Server", "name": name}


def backends(port: int = 80, **weights: int) -> list[dict[str, Any]]:
    return [{"name": name, "port": port, "weight": weight} for name, weight in weights.items()]


def path(value: str, kind: str = "PathPrefix") -> dict[str, Any]:
    return {"path": {"type": kind, "value": value}}


def _resource(api: str, kind: str, name: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    return {"apiVersion": api, "kind": kind, "metadata": {"namespace": "default", "name": name}, "spec": dict(spec)}
