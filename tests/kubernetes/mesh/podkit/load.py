"""Steady requests from a pod, and what became of them."""

import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from podkit import objects
from podkit.kubectl import Kubectl, until

CONNECTIONS = 20
"""That a load has at most, each with one request at a time."""
_END_S = 40.0
_TOTAL = "total "
_NUMBERS = itertools.count()


@dataclass
class Load:
    """Filled in when it has ended."""

    seen: dict[str, int] = field(default_factory=dict)
    """How many answers of which status, and how many failures of which kind."""
    p99_ms: float = 0.0
    told: str = ""
    """What the client saw of each failure."""

    @property
    def failures(self) -> dict[str, int]:
        return {what: count for what, count in self.seen.items() if what != "200"}


@contextmanager
def loaded(kubectl: Kubectl, namespace: str, url: str, *, rate: int, node: str | None = None) -> Iterator[Load]:
    """Requests to `url` meanwhile, from a pod in the mesh, on this node."""
    load, name = Load(), f"load-{next(_NUMBERS)}"
    where = {} if node is None else {"nodeSelector": {"kubernetes.io/hostname": node}}
    of = objects.spec(objects.python("load", "load.py", url, str(rate), str(CONNECTIONS)), grace_s=60, **where)
    kubectl.apply(*objects.placed([objects.pod(name, of)], namespace))
    try:
        until("the load to begin", lambda: "begun" in _log(kubectl, namespace, name) or None)
        yield load
        kubectl("exec", "--namespace", namespace, name, "--container", "load", "--", *_TERMINATE)
        log = until("the load's total", lambda: _ended(kubectl, namespace, name), _END_S)
        *told, total = log.strip().splitlines()
        found = json.loads(total.removeprefix(_TOTAL))
        load.seen, load.p99_ms, load.told = found["seen"], found["p99_ms"], "\n".join(told[-20:])
    finally:
        kubectl("delete", "pod", "--namespace", namespace, name, "--ignore-not-found", "--wait=false")


_TERMINATE = ("/usr/bin/python3", "-c", "import os, signal; os.kill(1, signal.SIGTERM)")


def _log(kubectl: Kubectl, namespace: str, name: str) -> str:
    return kubectl.attempt("logs", "--namespace", namespace, name, "--container", "load").stdout


def _ended(kubectl: Kubectl, namespace: str, name: str) -> str | None:
    log = _log(kubectl, namespace, name)
    return log if _TOTAL in log else None
