"""The mesh on the test cluster, and a namespace of the bench's own in it."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self

from cluster import kubectl, plugin
from cluster.cluster import of
from cluster.identities import ADMIN
from cluster.places import Places
from cluster.recipes import TOOLS
from hauberk.client.api import Client
from hauberk.client.kinds import OtherKind
from hauberk.client.kubeconfig import Choice, locate_cluster
from hauberk.injector.subject import PROXY

NAMESPACE = "hauberk"
OWN = "hauberk-bench"
NODE = "n1"
"""Where all that is compared runs."""
POD = OtherKind("", "v1", "Pod", "pods")
COMPONENTS = ("identity", "destination", "proxy-injector")
_TIMEOUT_S = 120.0
_STEP_S = 0.5


class MeshMissing(Exception):
    """Hauberk is not installed."""


class Mesh:
    def __init__(self, places: Places, client: Client) -> None:
        self.places = places
        self.client = client

    @classmethod
    @asynccontextmanager
    async def connected(cls) -> AsyncIterator[Self]:
        """The bench's namespace is there meanwhile."""
        places = of(os.environ, lambda _: None).places
        choice = Choice(kubeconfig=str(places.kubeconfig(ADMIN)))
        async with Client(locate_cluster(choice).endpoint) as client:
            mesh = cls(places, client)
            mesh.kubectl("create", "namespace", OWN)
            try:
                yield mesh
            finally:
                mesh.kubectl("delete", "namespace", OWN, "--ignore-not-found")

    def kubectl(self, *words: str, given: str | None = None) -> str:
        return kubectl.run(self.places, words, given)

    def install(self) -> None:
        """Unless it is there."""
        if kubectl.attempt(self.places, ["get", "configmap", "linkerd-config", "--namespace", NAMESPACE]) is None:
            self.kubectl("apply", "--server-side", "--filename", "-", given=self.hauberk("install", "--crds"))
            self.kubectl("apply", "--filename", "-", given=self.hauberk("install"))

    async def ready(self) -> None:
        """Raises MeshMissing."""
        if kubectl.attempt(self.places, ["get", "configmap", "linkerd-config", "--namespace", NAMESPACE]) is None:
            raise MeshMissing(f"there is no mesh in {NAMESPACE}. Try: hauberk install | kubectl apply -f -")
        for component in COMPONENTS:
            self.kubectl("rollout", "status", "--namespace", NAMESPACE, f"deployment/linkerd-{component}")

    def hauberk(self, *words: str) -> str:
        """What the command prints."""
        environ = {**os.environ, "KUBECONFIG": str(self.places.kubeconfig(ADMIN))}
        argv = [sys.executable, "-m", "hauberk.cli", *words]
        return subprocess.run(argv, stdout=subprocess.PIPE, text=True, env=environ, check=True).stdout

    @asynccontextmanager
    async def with_plugin(self) -> AsyncIterator[None]:
        """Redirects are written by the CNI plugin meanwhile, on the one node."""
        manifests = plugin.on_node(self.hauberk("upgrade", "--set", plugin.settings(self.places, 1)), NODE)
        self.kubectl("apply", "--filename", "-", given=manifests)
        try:
            self.kubectl("rollout", "status", "--namespace", f"{NAMESPACE}-cni", "daemonset/linkerd-cni")
            await self._until_taken()
            yield
        finally:
            self.kubectl("apply", "--filename", "-", given=self.hauberk("upgrade", "--set", "cni=null"))
            self.kubectl("delete", "--filename", "-", given=self.hauberk("prune"))

    async def _until_taken(self) -> None:
        """Until new pods rely on the plugin."""
        async with asyncio.timeout(_TIMEOUT_S):
            while await self._first_containers() != [PROXY]:  # noqa: ASYNC110 - the cluster's
                await asyncio.sleep(_STEP_S)

    async def _first_containers(self) -> list[str]:
        answer = await self.client.create(POD, pod("would-be", injected=True), dry_run=True)
        return [container["name"] for container in answer.body["spec"].get("initContainers", [])]


def pod(name: str, *, injected: bool) -> dict[str, Any]:
    """A program that is ready as soon as it runs."""
    annotations = {"linkerd.io/inject": "enabled" if injected else "disabled"}
    container = {"name": "program", "image": TOOLS, "command": ["busybox", "sleep", "100000"]}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": OWN, "annotations": annotations},
        "spec": {
            "containers": [container],
            "nodeSelector": {"kubernetes.io/hostname": NODE},
            "terminationGracePeriodSeconds": 1,
        },
    }
