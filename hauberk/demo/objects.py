"""The cast as objects of Kubernetes. Pure."""

from collections.abc import Iterable
from typing import Any

from hauberk.demo import cast, files
from hauberk.demo.cast import Role
from hauberk.demo.roster import REPLICA_LABEL
from hauberk.demo.staging import Staging

Document = dict[str, Any]

LABELS = {"app.kubernetes.io/name": "hauberk-demo"}
"""Of the namespace: it is the demo's, and may be deleted."""
PROGRAMS = "programs"
_PYTHON, _PROGRAMS_FOLDER, _WORK_FOLDER = "/usr/bin/python3", "/programs", "/work"
_NOBODY = 65534
_GRACE_S = 5
"""The demo's clients do not listen to SIGTERM."""


def scenery(staging: Staging) -> list[Document]:
    """All but the programs and what happens in the course of the play, in the order in which it is applied."""
    return [
        _namespace(staging),
        *placed(
            [
                *files.manifest("accounts"),
                _config_map(),
                *_services((*cast.BACKENDS, *cast.WEB)),
                *(document for document in files.manifest("access") if document["kind"] != "Server"),
            ],
            staging,
        ),
    ]


def policy(staging: Staging) -> list[Document]:
    """From now on only the load may call `web`."""
    return placed((document for document in files.manifest("access") if document["kind"] == "Server"), staging)


def route(staging: Staging) -> list[Document]:
    """From now on nobody gets to the broken replica."""
    return placed(files.manifest("route"), staging)


def programs(roles: Iterable[Role], staging: Staging) -> list[Document]:
    return placed((_deployment(role, staging) for role in roles), staging)


def whole(staging: Staging) -> list[Document]:
    """All at once, as it stands when policy and route are in force."""
    company = programs((*cast.BACKENDS, *cast.WEB, *cast.CLIENTS), staging)
    return [*scenery(staging), *policy(staging), *route(staging), *company]


def placed(documents: Iterable[Document], staging: Staging) -> list[Document]:
    """The same in the demo's namespace."""
    namespace = {"namespace": staging.home.namespace}
    return [{**document, "metadata": {**document["metadata"], **namespace}} for document in documents]


def _namespace(staging: Staging) -> Document:
    metadata = {"name": staging.home.namespace, "labels": LABELS, "annotations": {"linkerd.io/inject": "enabled"}}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}


def _config_map() -> Document:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": PROGRAMS}, "data": files.programs()}


def _services(roles: Iterable[Role]) -> list[Document]:
    ports = {role.service: role.ports for role in roles if role.ports is not None}
    return [
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": name},
            "spec": {"selector": {"app": name}, "ports": [{"name": "main", "port": outer, "targetPort": inner}]},
        }
        for name, (outer, inner) in ports.items()
    ]


def _deployment(role: Role, staging: Staging) -> Document:
    labels = {"app": role.service, REPLICA_LABEL: role.key, "version": role.version}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": role.key},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {REPLICA_LABEL: role.key}},
            "template": {"metadata": {"labels": labels}, "spec": _pod(role, staging)},
        },
    }


def _pod(role: Role, staging: Staging) -> Document:
    return {
        "serviceAccountName": role.service,
        "terminationGracePeriodSeconds": _GRACE_S,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": _NOBODY,
            "runAsGroup": _NOBODY,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container(role, staging)],
        "volumes": [{"name": PROGRAMS, "configMap": {"name": PROGRAMS}}, {"name": "work", "emptyDir": {}}],
    }


def _container(role: Role, staging: Staging) -> Document:
    container: Document = {
        "name": role.service,
        "image": staging.images[role.image],
        "imagePullPolicy": staging.pull_policy if role.image == cast.PYTHON else "IfNotPresent",
        "command": role.line(python=_PYTHON, programs=_PROGRAMS_FOLDER),
        "env": [{"name": name, "value": value} for name, value in role.env.items()],
        "workingDir": _WORK_FOLDER,
        "volumeMounts": [
            {"name": PROGRAMS, "mountPath": _PROGRAMS_FOLDER, "readOnly": True},
            {"name": "work", "mountPath": _WORK_FOLDER},
        ],
        "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }
    if role.ports is not None:
        port = role.ports[1]
        asked = {"httpGet": {"path": role.http_path, "port": port}} if role.http_path else {"tcpSocket": {"port": port}}
        container["ports"] = [{"name": "main", "containerPort": port}]
        container["readinessProbe"] = {**asked, "periodSeconds": 1}
    return container
