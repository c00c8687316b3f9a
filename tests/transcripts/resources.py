"""Resources in one line each, as enrollment and the slices' maker would write them."""

from collections.abc import Mapping
from typing import Any

import msgspec

from hauberk.catalog.kinds import Resource
from hauberk.model.authorizationpolicy import AuthorizationPolicy
from hauberk.model.endpointslice import EndpointSlice
from hauberk.model.grpcroute import GRPCRoute
from hauberk.model.httplocalratelimitpolicy import HTTPLocalRateLimitPolicy
from hauberk.model.httproute import HTTPRoute
from hauberk.model.meshtlsauthentication import MeshTLSAuthentication
from hauberk.model.namespace import Namespace
from hauberk.model.networkauthentication import NetworkAuthentication
from hauberk.model.node import Node
from hauberk.model.pod import Pod
from hauberk.model.server import Server
from hauberk.model.service import Service

STRUCTS: Mapping[str, type[Resource]] = {
    struct.__name__: struct
    for struct in (
        Namespace,
        Service,
        Pod,
        EndpointSlice,
        Server,
        AuthorizationPolicy,
        MeshTLSAuthentication,
        NetworkAuthentication,
        HTTPLocalRateLimitPolicy,
        HTTPRoute,
        GRPCRoute,
        Node,
    )
}


def load(manifest: dict[str, Any]) -> Resource:
    """Also Pods and EndpointSlices, which people may not write."""
    metadata = dict(manifest["metadata"])
    if manifest["kind"] not in ("Namespace", "Node"):
        metadata.setdefault("namespace", "default")
    return msgspec.convert({**manifest, "metadata": metadata}, STRUCTS[manifest["kind"]])


def pod(
    name: str,
    ip: str,
    *,
    namespace: str = "default",
    service_account: str = "default",
    meshed: bool = True,
    phase: str = "Running",
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    ports: Mapping[str, int] | None = None,
) -> Pod:
    in_mesh = {"linkerd.io/control-plane-ns": "hauberk"} if meshed else {}
    beside = [{"name": "linkerd-proxy"}] if meshed else []
    declared = [{"name": port_name, "containerPort": number} for port_name, number in (ports or {}).items()]
    return msgspec.convert(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": name,
                "namespace": namespace,
                "labels": {**in_mesh, **(labels or {})},
                "annotations": dict(annotations or {}),
            },
            "spec": {
                "serviceAccountName": service_account,
                "containers": [{"name": "program", "ports": declared}, *beside],
            },
            "status": {"phase": phase, "podIP": ip},
        },
        Pod,
    )


def service(
    name: str,
    ip: str | None,
    ports: Mapping[str, int],
    *,
    namespace: str = "default",
    annotations: Mapping[str, str] | None = None,
    app_protocol: str | None = None,
) -> Service:
    extra = {"appProtocol": app_protocol} if app_protocol else {}
    return msgspec.convert(
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": name, "namespace": namespace, "annotations": dict(annotations or {})},
            "spec": {
                "clusterIP": ip or "None",
                "ports": [{"name": n, "port": number, **extra} for n, number in ports.items()],
            },
        },
        Service,
    )


def endpoint_slice(
    of: str, ports: Mapping[str, int], pods: Mapping[str, str], *, namespace: str = "default", ready: bool = True
) -> EndpointSlice:
    """`pods` maps names to addresses."""
    return msgspec.convert(
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {
                "name": f"{of}-1",
                "namespace": namespace,
                "labels": {"kubernetes.io/service-name": of},
            },
            "addressType": "IPv4",
            "ports": [{"name": name, "port": number} for name, number in ports.items()],
            "endpoints": [
                {
                    "addresses": [ip],
                    "conditions": {"ready": ready},
                    "hostname": name,
                    "targetRef": {"kind": "Pod", "name": name, "namespace": namespace},
                }
                for name, ip in pods.items()
            ],
        },
        EndpointSlice,
    )
