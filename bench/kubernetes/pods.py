"""How much later a pod is ready for having a proxy."""

import asyncio
import math
import random
import statistics
import time

from bench.kubernetes.mesh import OWN, POD, Mesh, pod
from bench.kubernetes.question import Answered
from hauberk.client.api import Selector
from hauberk.client.watching import Put

INIT_S, PLUGIN_S = 3.0, 1.5
_TIMEOUT_S = 60.0
_PHASES = random.Random(1)  # noqa: S311 - no secret


async def started(mesh: Mesh, rounds: int, *, plugin: bool = False) -> list[Answered]:
    """Pods without and with a proxy take turns.

    The kubelet adds up to a second by when it looks, each length as likely as another: the mean of such times has a
    third of the median's variance.
    """
    took: dict[bool, list[float]] = {False: [], True: []}
    for turn in range(rounds):
        for injected, times in took.items():
            times.append(await _ready_after(mesh, f"pod-{turn}-{str(injected).lower()}", injected=injected))
    without, with_proxy = (statistics.mean(took[injected]) for injected in (False, True))
    errors = [statistics.stdev(times) / math.sqrt(rounds) for times in took.values()]
    by, goal = ("the CNI plugin", PLUGIN_S) if plugin else ("the init container", INIT_S)
    return [
        Answered(what=f"pod ready, without a proxy (beside {by})", value=without, unit="s", error=errors[0]),
        Answered(
            what=f"pod ready later, with {by}",
            value=with_proxy - without,
            unit="s",
            goal=goal,
            error=math.hypot(*errors),
        ),
    ]


async def _ready_after(mesh: Mesh, name: str, *, injected: bool) -> float:
    # The kubelet looks once a second: without this every pod would begin at the same moment between two looks.
    await asyncio.sleep(_PHASES.random())
    ready = asyncio.create_task(_ready(mesh, name))  # noqa: TID251 - ended below, whatever happens
    await asyncio.sleep(0)
    began = time.monotonic()
    try:
        await mesh.client.create(POD, pod(name, injected=injected))
        async with asyncio.timeout(_TIMEOUT_S):
            await ready
        return time.monotonic() - began
    finally:
        ready.cancel()
        await mesh.client.delete(POD, name, namespace=OWN)


async def _ready(mesh: Mesh, name: str) -> None:
    async for event in mesh.client.watch(POD, namespace=OWN, selector=Selector(fields=f"metadata.name={name}")):
        if not isinstance(event, Put):
            continue
        conditions = event.item.get("status", {}).get("conditions", [])
        if any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions):
            return
