"""Helm, as a person would use it, without a cluster."""

import os
import subprocess
from pathlib import Path
from typing import Any

import yaml

from cluster.cluster import of

CHART = Path(__file__).resolve().parents[3] / "deploy" / "chart" / "hauberk"
_OLDEST = "1.30.0"
_TIMEOUT_S = 60.0


class Helm:
    def __init__(self) -> None:
        self.program = of(os.environ, lambda _: None).places.bin / "helm"

    def attempt(self, *words: str | Path, given: str | None = None) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [self.program, *words], input=given, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
        )

    def template(
        self, namespace: str, values: dict[str, Any], *files: Path, chart: Path = CHART
    ) -> list[dict[str, Any]]:
        """The objects of a release."""
        given = [word for file in files for word in ("--values", file)]
        words = ["template", "a-release", chart, "--namespace", namespace, "--kube-version", _OLDEST, *given]
        done = self.attempt(*words, "--values", "-", given=yaml.safe_dump(values))
        assert done.returncode == 0, done.stderr
        return [document for document in yaml.safe_load_all(done.stdout) if document]
