"""Who may call the servers: the mesh decides each request by the identity of its client, as in a mesh that is used."""

import json
import subprocess
from collections.abc import Iterator
from typing import Any

from bench import ports
from bench.cases import SMALL, Protocol
from bench.control_plane import HAUBERK
from bench.processes import BenchFailed, run_module

_GROUP = "policy.linkerd.io"
_DECIDED = (Protocol.HTTP1, Protocol.HTTP2, Protocol.GRPC)


def apply(app: str, client: str) -> None:
    """Only the account `client` may call the HTTP ports of `app`. Raises BenchFailed."""
    text = "\n---\n".join(map(json.dumps, _resources(app, client)))
    ran = subprocess.run([*HAUBERK, "apply", "-f", "-"], input=text, capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        raise BenchFailed(f"the policy of {app} was not taken:\n{ran.stderr}")


def confirm(app: str, client: int, server: int, service: str) -> None:
    """The policy decides what `client` asks `service` (HOST:PORT, HTTP/1). Raises BenchFailed if it does not.

    `client` and `server` are processes in the workloads' networks.
    """
    run_module(client, "bench.fetch", service, str(SMALL))
    page = run_module(server, "bench.scrape", f"{ports.LOOPBACK}:{ports.ADMIN}")
    if f'authz_name="{app}-{Protocol.HTTP1.value}"' not in page:
        raise BenchFailed(f"the policy of {app} does not decide its requests")


def _resources(app: str, client: str) -> Iterator[dict[str, Any]]:
    yield _resource("v1alpha1", "MeshTLSAuthentication", app, {"identityRefs": [_ref("ServiceAccount", client)]})
    for protocol in _DECIDED:
        name = f"{app}-{protocol.value}"
        server = {
            "podSelector": {"matchLabels": {"app": app}},
            "port": ports.BEHIND[protocol],
            "accessPolicy": "deny",
        }
        yield _resource("v1beta3", "Server", name, server)
        allowed = {
            "targetRef": _ref("Server", name, _GROUP),
            "requiredAuthenticationRefs": [_ref("MeshTLSAuthentication", app, _GROUP)],
        }
        yield _resource("v1alpha1", "AuthorizationPolicy", name, allowed)


def _resource(version: str, kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "default"}
    return {"apiVersion": f"{_GROUP}/{version}", "kind": kind, "metadata": metadata, "spec": spec}


def _ref(kind: str, name: str, group: str = "") -> dict[str, str]:
    return {"group": group, "kind": kind, "name": name}
