"""A large cluster, as documents: services, their pods (with two containers each) and their slices."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

Document = dict[str, Any]

NAMESPACES = 50
PODS_OF_SERVICE = 4
_AT_ONCE = 24


def namespace_of(n: int) -> str:
    return f"ns{n % NAMESPACES}"


def service(n: int) -> Document:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": f"app{n}", "namespace": namespace_of(n), "labels": {"app": f"app{n}"}},
        "spec": {"selector": {"app": f"app{n}"}, "ports": [{"name": "http", "port": 80, "targetPort": 8080}]},
    }


def pod(n: int, k: int) -> Document:
    containers = [
        {
            "name": name,
            "image": "example.com/program:1",
            "ports": [{"name": port_name, "containerPort": port}],
            "env": [{"name": f"VARIABLE_{i}", "value": "some value"} for i in range(12)],
            "readinessProbe": {"httpGet": {"path": "/ready", "port": port}},
            "resources": {"requests": {"cpu": "100m", "memory": "20Mi"}},
        }
        for name, port_name, port in (("program", "http", 8080), ("linkerd-proxy", "linkerd-admin", 4191))
    ]
    labels = {
        "app": f"app{n}",
        "pod-template-hash": "6d9f7c9b5d",
        "linkerd.io/control-plane-ns": "hauberk",
        "linkerd.io/proxy-deployment": f"app{n}",
    }
    owner = {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "name": f"app{n}-6d9f7c9b5d",
        "uid": "u",
        "controller": True,
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"app{n}-6d9f7c9b5d-{k}",
            "namespace": namespace_of(n),
            "labels": labels,
            "ownerReferences": [owner],
        },
        "spec": {"serviceAccountName": f"app{n}", "nodeName": f"node{n % 100}", "containers": containers},
    }


def address(n: int, k: int) -> str:
    number = n * PODS_OF_SERVICE + k
    return f"10.{100 + number // 65536}.{number // 256 % 256}.{number % 256}"


def running(document: Document, ip: str) -> Document:
    """The pod with the status that a kubelet would write."""
    kinds = ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")
    conditions = [{"type": kind, "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"} for kind in kinds]
    status = {"phase": "Running", "podIP": ip, "podIPs": [{"ip": ip}], "conditions": conditions}
    return {**document, "status": status}


def slice_(n: int, *, ready: bool = True) -> Document:
    endpoints = [
        {
            "addresses": [address(n, k)],
            "conditions": {"ready": ready or k > 0, "serving": True, "terminating": False},
            "nodeName": f"node{n % 100}",
            "targetRef": {"kind": "Pod", "namespace": namespace_of(n), "name": f"app{n}-6d9f7c9b5d-{k}"},
        }
        for k in range(PODS_OF_SERVICE)
    ]
    labels = {"kubernetes.io/service-name": f"app{n}", "app": f"app{n}"}
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": f"app{n}-slice", "namespace": namespace_of(n), "labels": labels},
        "addressType": "IPv4",
        "endpoints": endpoints,
        "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
    }


async def each(work: Callable[[int], Awaitable[None]], numbers: Iterable[int]) -> None:
    """Some at a time."""
    left = iter(numbers)

    async def worker() -> None:
        for n in left:
            await work(n)

    async with asyncio.TaskGroup() as group:
        for _ in range(_AT_ONCE):
            group.create_task(worker())
