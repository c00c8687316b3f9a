"""How two processes share the tests (`-n 2 --dist loadfile`): by file, but for what shares more than a file."""

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

PLACES = {
    "tests/kubernetes/mesh/": "the cluster",
    "tests/conformance/meaning/": "the cluster",
    "tests/kubernetes/": "API servers",
    "tests/conformance/store/": "API servers",
}
"""By the beginning of a test's name; the first that fits. On the cluster one test ends what others need; and a process
needs an API server of its own for its tests.
"""


class ByPlace(LoadFileScheduling):
    """Tests of one place run in one process, in their order."""

    def _split_scope(self, nodeid: str) -> str:
        by_file: str = super()._split_scope(nodeid)
        return next((place for beginning, place in PLACES.items() if nodeid.startswith(beginning)), by_file)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByPlace | None:
    return ByPlace(config, log) if config.getvalue("dist") == "loadfile" else None
