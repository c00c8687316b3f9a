"""Who plays: the programs, how each is started in the mesh, and who is expected to call whom."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

NAMESPACE = "default"
HERE = Path(__file__).resolve().parent
PROGRAMS = HERE / "programs"
MANIFESTS = HERE / "manifests"
IDENTITY_SUFFIX = ".serviceaccount.identity.hauberk.cluster.local"
KILLED = "web-1"
ADDED = "web-4"


@dataclass(frozen=True)
class Role:
    """One program in the mesh."""

    key: str
    """Unique in the demo; also the label `replica` of the pod."""
    service: str
    argv: tuple[str, ...]
    port: str | None = None
    """As `hauberk run --port` takes it."""
    http_path: str | None = None
    """Asked to tell whether the program is ready; None asks for a TCP connection."""
    env: Mapping[str, str] = field(default_factory=dict)

    def command(self, workdir: Path, user: str) -> list[str]:
        """The arguments of `hauberk` that start it. `user`: as `hauberk run --user` takes it."""
        line = ["run", "--name", self.service, "--service-account", self.service, "--label", f"replica={self.key}"]
        line += ["--user", user]
        if self.port is not None:
            line += ["--port", self.port]
        if self.http_path is not None:
            line += ["--ready-http", self.http_path]
        for name, value in self.env.items():
            line += ["--env", f"{name}={value}"]
        return [*line, "--workdir", str(workdir), "--", *self.argv]


def _python(program: str) -> tuple[str, ...]:
    return (sys.executable, str(PROGRAMS / program))


def _web(key: str, **env: str) -> Role:
    return Role(key, "web", _python("web.py"), "80:8080", "/health", {"REPLICA": key, **env})


BACKENDS = (
    Role("assets-1", "assets", ("nginx", "-p", ".", "-e", "stderr", "-c", str(PROGRAMS / "nginx.conf")), "80:8080"),
    Role(
        "cache-1",
        "cache",
        ("redis-server", "--port", "6379", "--save", "", "--appendonly", "no", "--protected-mode", "no"),
        "6379",
    ),
    Role("quote-1", "quote", _python("quote.py"), "50051"),
)
WEB = (_web("web-1"), _web("web-2", DELAY_MS="40"), _web("web-3", FAIL_EVERY="10"))
NEW_WEB = _web(ADDED)
CLIENTS = (
    Role("asker-1", "asker", _python("asker.py")),
    Role("load-1", "load", _python("load.py")),
    Role(
        "intruder-1",
        "intruder",
        (
            "sh",
            "-c",
            "while sleep 0.5; do curl -s -m 5 -o /dev/null -w '%{http_code}\\n' http://web/; done",
        ),
    ),
)

ALLOWED = (("load", "web"), ("web", "assets"), ("web", "cache"), ("web", "quote"), ("asker", "quote"))
"""The edges that must carry traffic, as (client, server)."""
REFUSED = ("intruder", "web")


def identity(account: str) -> str:
    """The identity of a service account of the demo."""
    return f"{account}.{NAMESPACE}{IDENTITY_SUFFIX}"
