"""What needs a cluster, for two processes at once: the one that is shared, and API servers of the tests' own."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent
ON_THE_CLUSTER = (HERE / "kubernetes" / "mesh", HERE / "conformance" / "meaning")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of a group run one after the other (`--dist loadgroup`), as those that end what others need must."""
    for item in items:
        if item.get_closest_marker("kubernetes"):
            shared = any(folder in item.path.parents for folder in ON_THE_CLUSTER)
            item.add_marker(pytest.mark.xdist_group("cluster" if shared else "servers"))
