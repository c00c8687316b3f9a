"""A person with a kubeconfig, `hauberk` and `kubectl`."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from apikit.server import ApiServer

from cluster.cluster import of

_TIMEOUT_S = 60.0


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str

    @property
    def objects(self) -> list[dict[str, Any]]:
        return [document for document in yaml.safe_load_all(self.out) if document]

    @property
    def names(self) -> list[str]:
        return [f"{document['kind']}/{document['metadata']['name']}" for document in self.objects]


class Person:
    """The administrator of one API server."""

    def __init__(self, server: ApiServer, folder: Path) -> None:
        self.config = folder / "config"
        self.config.write_text(json.dumps(_kubeconfig(server)))
        self._kubectl = of(os.environ, lambda _: None).places.bin / "kubectl"
        self._environ = {**os.environ, "KUBECONFIG": str(self.config)}

    def hauberk(self, *words: str) -> Said:
        return self.run([sys.executable, "-m", "hauberk.cli", *words])

    def kubectl(self, *words: str, given: str | None = None) -> Said:
        said = self.run([str(self._kubectl), *words], given)
        assert said.code == 0, said.err
        return said

    def apply(self, manifests: str) -> Said:
        return self.kubectl("apply", "--filename", "-", given=manifests)

    def get(self, what: str, path: str) -> str:
        """Something of an object, or of those of the mesh's namespace."""
        return self.kubectl("get", what, "--namespace", "hauberk", "--output", f"jsonpath={path}").out

    def run(self, words: Sequence[str], given: str | None = None) -> Said:
        done = subprocess.run(
            words, input=given, env=self._environ, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
        )
        return Said(done.returncode, done.stdout, done.stderr)


def _kubeconfig(server: ApiServer) -> dict[str, Any]:
    user = {"client-certificate": str(server.keys.certificate("admin")), "client-key": str(server.keys.key("admin"))}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "test",
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "admin"}}],
        "clusters": [
            {"name": "test", "cluster": {"server": server.url, "certificate-authority": str(server.keys.authority)}}
        ],
        "users": [{"name": "admin", "user": user}],
    }
