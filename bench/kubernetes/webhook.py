"""How long the injector takes, asked as the API server asks: over HTTPS, on connections that are kept.

The API server itself is left out: at this rate it needs a whole core for other things, of the two that it shares here
with everything else.
"""

import asyncio
import base64
import ssl
import time
import uuid
from typing import Any

import aiohttp

from bench.kubernetes.mesh import NAMESPACE, OWN, POD, Mesh, pod
from bench.kubernetes.question import Answered
from hauberk.client.api import Selector
from hauberk.client.kinds import MUTATING_WEBHOOK_CONFIGURATION

RATE = 100
P99_MS = 30.0
_PORT = 8443
_NAME = f"linkerd-proxy-injector.{NAMESPACE}.svc"
_CONNECTIONS = 10


async def asked(mesh: Mesh, seconds: float) -> Answered:
    context = ssl.create_default_context(cadata=await _authority(mesh))
    connector = aiohttp.TCPConnector(limit=_CONNECTIONS, ssl=context)
    took: list[float] = []
    async with aiohttp.ClientSession(connector=connector) as session, asyncio.TaskGroup() as group:
        url, began = f"https://{await _address(mesh)}:{_PORT}/", time.monotonic()
        for number in range(int(seconds * RATE)):
            await asyncio.sleep(max(began + number / RATE - time.monotonic(), 0))
            group.create_task(_ask(session, url, took))
    took.sort()
    p99 = took[int(len(took) * 0.99)]
    return Answered(what=f"webhook p99 at {RATE} pods/s", value=p99 * 1000, unit="ms", goal=P99_MS)


async def _ask(session: aiohttp.ClientSession, url: str, took: list[float]) -> None:
    began = time.monotonic()
    async with session.post(url, json=_review(), server_hostname=_NAME) as answer:
        said = await answer.json()
    took.append(time.monotonic() - began)
    if not said["response"].get("patch"):
        raise RuntimeError(f"the injector did nothing: {said}")


def _review() -> dict[str, Any]:
    """The question of one pod, as a dry run."""
    request = {
        "uid": str(uuid.uuid4()),
        "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "resource": {"group": "", "version": "v1", "resource": "pods"},
        "namespace": OWN,
        "name": "would-be",
        "operation": "CREATE",
        "dryRun": True,
        "object": pod("would-be", injected=True),
    }
    return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}


async def _address(mesh: Mesh) -> str:
    selector = Selector(labels="linkerd.io/control-plane-component=proxy-injector")
    (found, *_) = (await mesh.client.list(POD, namespace=NAMESPACE, selector=selector)).items
    return str(found["status"]["podIP"])


async def _authority(mesh: Mesh) -> str:
    name = f"linkerd-{NAMESPACE}-proxy-injector"
    found = await mesh.client.get(MUTATING_WEBHOOK_CONFIGURATION, name)
    return base64.b64decode(found["webhooks"][0]["clientConfig"]["caBundle"]).decode()
