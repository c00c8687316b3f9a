"""How long the API server waits for the injector, by its own histogram."""

import asyncio
import time

from bench.kubernetes.mesh import POD, Mesh, pod
from bench.kubernetes.question import Answered
from hauberk.telemetry.parse import Parser

RATE = 100
P99_MS = 30.0
_FAMILY = "apiserver_admission_webhook_admission_duration_seconds_bucket"
_NAME = "linkerd-proxy-injector.linkerd.io"
_LIMIT = 50
"""Questions under way; beyond that the rate is not kept, and said so."""


async def asked(mesh: Mesh, seconds: float) -> Answered:
    before = _buckets(mesh)
    late = await _ask(mesh, seconds)
    after = _buckets(mesh)
    counts = {bound: after[bound] - before.get(bound, 0.0) for bound in after}
    what = f"webhook p99 at {RATE} pods/s" + (f", {late} of them late" if late else "")
    return Answered(what=what, value=p99(counts) * 1000, unit="ms", goal=P99_MS)


async def _ask(mesh: Mesh, seconds: float) -> int:
    """Dry runs at the rate; returns how many began more than a step too late."""
    slots, late, step = asyncio.Semaphore(_LIMIT), 0, 1 / RATE

    async def one(number: int) -> None:
        async with slots:
            await mesh.client.create(POD, pod(f"would-be-{number}", injected=True), dry_run=True)

    began = time.monotonic()
    async with asyncio.TaskGroup() as group:
        for number in range(int(seconds * RATE)):
            wait = began + number * step - time.monotonic()
            late += wait < -step or slots.locked()
            await asyncio.sleep(max(wait, 0))
            group.create_task(one(number))
    return late


def _buckets(mesh: Mesh) -> dict[float, float]:
    """Cumulative counts by upper bound, in seconds."""
    page = Parser({_FAMILY}).parse(mesh.kubectl("get", "--raw", "/metrics"))
    found: dict[float, float] = {}
    for sample in page:
        labels = sample.series.labels
        if sample.series.name == _FAMILY and labels["name"] == _NAME:
            bound = float(labels["le"])
            found[bound] = found.get(bound, 0.0) + sample.value
    return found


def p99(counts: dict[float, float]) -> float:
    """As Prometheus' histogram_quantile: within a bucket all are spread evenly."""
    total, below, low = max(counts.values()), 0.0, 0.0
    for bound in sorted(counts):
        if counts[bound] >= total * 0.99:
            return low + (bound - low) * (total * 0.99 - below) / (counts[bound] - below)
        below, low = counts[bound], bound
    return low
