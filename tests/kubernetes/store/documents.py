"""Documents of Kubernetes' JSON in a few words."""

from typing import Any

Document = dict[str, Any]


def service(name: str, *, namespace: str = "default", **spec: Any) -> Document:
    ports = [{"name": "http", "port": 80, "targetPort": 8080}]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"selector": {"app": name}, "ports": ports, **spec},
    }


def policy(kind: str, name: str, spec: Document, *, version: str = "v1alpha1", **meta: Any) -> Document:
    return {
        "apiVersion": f"policy.linkerd.io/{version}",
        "kind": kind,
        "metadata": {"name": name, "namespace": "default", **meta},
        "spec": spec,
    }


def server(name: str, port: int | str = 80, *, version: str = "v1beta3", **meta: Any) -> Document:
    return policy("Server", name, {"podSelector": {}, "port": port}, version=version, **meta)


def network(name: str) -> Document:
    return policy("NetworkAuthentication", name, {"networks": [{"cidr": "10.0.0.0/8"}]})


def binding(user: str, *rules: Document) -> tuple[Document, Document]:
    """A ClusterRole with these rules, and what gives it to a user."""
    rbac = "rbac.authorization.k8s.io"
    role = {"apiVersion": f"{rbac}/v1", "kind": "ClusterRole", "metadata": {"name": user}, "rules": list(rules)}
    given = {
        "apiVersion": f"{rbac}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": user},
        "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": user},
        "subjects": [{"apiGroup": rbac, "kind": "User", "name": user}],
    }
    return role, given
