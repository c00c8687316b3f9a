"""A person who may do little, or comes by a long way, and looks whether all is well."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from apikit.server import ApiServer

_TIMEOUT_S = 120.0


@dataclass(frozen=True)
class Found:
    """One check that is not well."""

    category: str
    outcome: str
    error: str
    hint: str


@dataclass(frozen=True)
class Report:
    code: int
    success: bool
    wrong: dict[str, Found]
    """By description. Of all that is not well."""
    well: set[str]
    """Descriptions of what is."""
    err: str

    @property
    def errors(self) -> dict[str, Found]:
        return {description: found for description, found in self.wrong.items() if found.outcome == "error"}


def kubeconfig(path: Path, server: ApiServer, token: str, *, url: str = "") -> Path:
    """Of whoever has the token; `url`: another way to the server."""
    cluster = {"server": url or server.url, "certificate-authority": str(server.keys.authority)}
    document = {
        "clusters": [{"name": "test", "cluster": cluster}],
        "users": [{"name": "me", "user": {"token": token}}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "me"}}],
        "current-context": "test",
    }
    path.write_text(json.dumps(document))
    return path


def check(config: Path, *words: str) -> Report:
    """Looks once, unless it is told to wait."""
    command = [sys.executable, "-m", "hauberk.cli", "check", "--kubeconfig", str(config), "-o", "json"]
    wait = () if "--wait" in words else ("--wait", "0")
    environ = {name: value for name, value in os.environ.items() if name != "HAUBERK_MESH_NAMESPACE"}
    done = subprocess.run(
        [*command, *wait, *words], env=environ, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
    )
    assert "Traceback" not in done.stderr, done.stderr
    assert done.stdout, done.stderr
    document = json.loads(done.stdout)
    checks = [(category["categoryName"], each) for category in document["categories"] for each in category["checks"]]
    return Report(
        code=done.returncode,
        success=document["success"],
        wrong=dict(_wrong(checks)),
        well={each["description"] for _, each in checks if each["result"] == "success"},
        err=done.stderr,
    )


def _wrong(checks: list[tuple[str, dict[str, str]]]) -> Iterator[tuple[str, Found]]:
    for category, each in checks:
        if each["result"] != "success":
            assert each["hint"], each
            yield each["description"], Found(category, each["result"], each["error"], each["hint"])
