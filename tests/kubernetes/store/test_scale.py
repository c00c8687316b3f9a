"""5,000 Services and 20,000 Pods, made through the API: how long until the catalog is complete, how much memory, and
what 50 changes of endpoints a second cost. Takes minutes: only with HAUBERK_TEST_SCALE=1.
"""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import scale
from apikit.connecting import connected
from apikit.contents import make_namespace
from apikit.definitions import install, ours
from apikit.server import ApiServer

from hauberk.client.api import Client
from hauberk.model.kinds import kind_named

PROGRAM = Path(__file__).parent / "programs" / "follow.py"
SERVICE, POD = kind_named("", "Service"), kind_named("", "Pod")
SLICE = kind_named("discovery.k8s.io", "EndpointSlice")
SERVICES = 5_000
CHURN_S, CHANGES_A_SECOND = 30, 50


@pytest.mark.skipif(not os.environ.get("HAUBERK_TEST_SCALE"), reason="takes minutes: set HAUBERK_TEST_SCALE=1")
@pytest.mark.timeout(1800)
async def test_a_large_cluster_is_listed_and_followed(
    own_server: ApiServer, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    async with connected(own_server) as client:
        await _fill(client)
        async with _follower(own_server.kubeconfig(tmp_path / "config")) as follower:
            ready = await _told(follower)
            assert ready["topics"]["service"] == SERVICES + 1
            assert ready["topics"]["pod"] == SERVICES * scale.PODS_OF_SERVICE
            assert ready["topics"]["slices"] >= SERVICES
            before = await _asked(follower)
            await _churn(client)
            after = await _asked(follower)
    cpu = (after["cpu_s"] - before["cpu_s"]) / CHURN_S
    figures = {
        "listed_s": round(ready["seconds"], 1),
        "listed_cpu_s": round(ready["cpu_s"], 1),
        "rss_mib": round(ready["rss_mib"]),
        "peak_mib": round(after["peak_mib"]),
        "churn_cores": round(cpu, 3),
    }
    record_property("figures", figures)
    print(figures)
    assert ready["seconds"] < 60
    assert after["peak_mib"] < 600
    assert cpu < 0.5


async def _fill(client: Client) -> None:
    await install(client, ours())
    for n in range(scale.NAMESPACES):
        await make_namespace(client, scale.namespace_of(n))

    async def one(n: int) -> None:
        await client.create(SERVICE, scale.service(n))
        for k in range(scale.PODS_OF_SERVICE):
            created = (await client.create(POD, scale.pod(n, k))).body
            await client.put_status(POD, scale.running(created, scale.address(n, k)))
        await client.create(SLICE, scale.slice_(n))

    await scale.each(one, range(SERVICES))


async def _churn(client: Client) -> None:
    """One endpoint after another leaves and comes back."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    for count in range(CHURN_S * CHANGES_A_SECOND):
        await client.replace(SLICE, scale.slice_(count // 2 * 7 % SERVICES, ready=count % 2 == 1))
        await asyncio.sleep(max(0.0, began + (count + 1) / CHANGES_A_SECOND - loop.time()))


@asynccontextmanager
async def _follower(kubeconfig: Path) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(PROGRAM), str(kubeconfig), stdin=PIPE, stdout=PIPE
    )
    try:
        yield process
        assert process.stdin is not None
        process.stdin.close()
        assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _asked(process: Process) -> dict[str, Any]:
    assert process.stdin is not None
    process.stdin.write(b"\n")
    return await _told(process)


async def _told(process: Process) -> dict[str, Any]:
    assert process.stdout is not None
    line = await process.stdout.readline()
    return dict(json.loads(line))
