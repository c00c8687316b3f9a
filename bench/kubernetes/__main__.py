"""`python -m bench.kubernetes`: a table on standard output, and bench-kubernetes.json."""

import argparse
import asyncio
import json
import sys
from dataclasses import asdict
from pathlib import Path

from bench.kubernetes import controllers, pods, webhook
from bench.kubernetes.mesh import Mesh, MeshMissing
from bench.kubernetes.question import Answered
from cluster.failure import ClusterFailed
from hauberk.client.errors import ApiError

_RESULT = Path("bench-kubernetes.json")


async def measure(rounds: int, seconds: float, *, install: bool) -> list[Answered]:
    """Raises MeshMissing, ClusterFailed and ApiError."""
    async with Mesh.connected() as mesh:
        if install:
            mesh.install()
        await mesh.ready()
        found = [*await controllers.idle(mesh), *await pods.started(mesh, rounds)]
        found += [await webhook.asked(mesh, seconds), *await controllers.begun(mesh)]
        async with mesh.with_plugin():
            found += await pods.started(mesh, rounds, plugin=True)
        return found


def main() -> int:
    options = _options()
    try:
        answers = asyncio.run(measure(options.rounds, options.seconds, install=options.install))
    except (MeshMissing, ClusterFailed, ApiError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    print("| what | measured | goal | |\n|---|---|---|---|")
    for answer in answers:
        print(answer.line())
    _RESULT.write_text(json.dumps([asdict(answer) for answer in answers], indent=2) + "\n")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench.kubernetes",
        description="What the mesh costs the test cluster. It has to be installed: make cluster, hauberk install.",
    )
    parser.add_argument("--install", action="store_true", help="the mesh first, unless it is there")
    parser.add_argument("--rounds", type=_rounds, default=25, help="pods of each kind, two at least [default: 25]")
    parser.add_argument("--seconds", type=float, default=10.0, help="of questions to the webhook [default: 10]")
    return parser.parse_args()


def _rounds(text: str) -> int:
    if not text.isdecimal() or int(text) < 2:
        raise argparse.ArgumentTypeError("two rounds or more: one says nothing of how much they differ")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
