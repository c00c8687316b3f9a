"""Objects as people write them, in few words."""

from collections.abc import Mapping, Sequence
from typing import Any

from cluster.mesh import CONTROLLER
from cluster.recipes import TOOLS

Document = dict[str, Any]
PROGRAMS = "programs"
"""The ConfigMap with the tests' own programs, in each namespace."""
PORT = 8080


def namespace(name: str, annotations: Mapping[str, str]) -> Document:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "annotations": dict(annotations)}}


def python(name: str, program: str, *arguments: str, port: int | None = None, **fields: Any) -> Document:
    """A container that runs one of the programs."""
    container: Document = {
        "name": name,
        "image": CONTROLLER,
        "command": ["/usr/bin/python3", f"/programs/{program}", *arguments],
        "volumeMounts": [{"name": PROGRAMS, "mountPath": "/programs"}],
        **fields,
    }
    if port is not None:
        container["ports"] = [{"containerPort": port, "name": "http"}]
        probe = {"httpGet": {"path": "/ready", "port": port}, "periodSeconds": 1}
        container.setdefault("readinessProbe", probe)
    return container


def server(name: str = "server", port: int = PORT, **fields: Any) -> Document:
    return python(name, "server.py", str(port), port=port, **fields)


def shell(name: str = "shell") -> Document:
    """A container that waits for `kubectl exec`."""
    return {"name": name, "image": TOOLS, "command": ["busybox", "sleep", "100000"]}


def spec(*containers: Document, account: str = "default", grace_s: int = 5, **fields: Any) -> Document:
    return {
        "serviceAccountName": account,
        "terminationGracePeriodSeconds": grace_s,
        "containers": list(containers),
        "volumes": [{"name": PROGRAMS, "configMap": {"name": PROGRAMS}}],
        **fields,
    }


def pod(name: str, of: Document, annotations: Mapping[str, str] | None = None) -> Document:
    metadata = {"name": name, "labels": {"app": name}, "annotations": dict(annotations or {})}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"restartPolicy": "Never", **of}}


def deployment(name: str, of: Document, *, replicas: int = 1, annotations: Mapping[str, str] | None = None) -> Document:
    labels = {"app": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels, "annotations": dict(annotations or {})}, "spec": of},
        },
    }


def service(name: str, port: int = 80, target: int = PORT, **fields: Any) -> Document:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": {"app": name}, "ports": [{"name": "http", "port": port, "targetPort": target}], **fields},
    }


def account(name: str) -> Document:
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}}


def placed(documents: Sequence[Document], namespace: str) -> list[Document]:
    """The same in a namespace."""
    return [{**document, "metadata": {**document["metadata"], "namespace": namespace}} for document in documents]
