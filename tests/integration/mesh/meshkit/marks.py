"""What all tests of real meshes have in common."""

import os
from pathlib import Path

import pytest


def mark(items: list[pytest.Item], folder: Path, timeout_s: int) -> None:
    """Marks the tests of `folder`: they need root, and end within `timeout_s`."""
    for item in items:
        if folder in item.path.parents:
            item.add_marker(pytest.mark.root)
            item.add_marker(pytest.mark.timeout(timeout_s))
            item.add_marker(pytest.mark.skipif(os.geteuid() != 0, reason="needs root: it makes network namespaces"))
