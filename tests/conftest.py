"""How two processes share the tests (`-n 2 --dist loadfile`): by file, but for what shares more than a file."""

import os

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

CLUSTER, SERVERS = "the cluster", "API servers"
PLACES = {
    "tests/kubernetes/mesh/": CLUSTER,
    "tests/conformance/meaning/": CLUSTER,
    "tests/kubernetes/": SERVERS,
    "tests/conformance/store/": SERVERS,
}
"""By the beginning of a test's name; the first that fits. On the cluster one test ends what others need; and a process
needs an API server of its own for its tests.
"""

NICE = 10
"""Of 19; its programs have it too."""


class ByPlace(LoadFileScheduling):
    """Tests of one place run in one process, in their order."""

    def _split_scope(self, nodeid: str) -> str:
        return place_of(nodeid) or super()._split_scope(nodeid)


def place_of(nodeid: str) -> str | None:
    return next((place for beginning, place in PLACES.items() if nodeid.startswith(beginning)), None)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByPlace | None:
    return ByPlace(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_runtest_setup(item: pytest.Item) -> None:
    """What asks API servers gives way to what happens on the cluster meanwhile, which is under load and in time."""
    beside = os.environ.get("PYTEST_XDIST_WORKER") and item.get_closest_marker("kubernetes")
    if beside and place_of(item.nodeid) == SERVERS and os.nice(0) < NICE:
        os.nice(NICE)
