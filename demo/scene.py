"""The demo on this machine: where its files are, and how each of the cast is started in the mesh."""

import sys
from pathlib import Path

from hauberk.demo.cast import Home, Role
from hauberk.demo.files import folder

HOME = Home("default", ".serviceaccount.identity.hauberk.cluster.local")
PROGRAMS = folder("programs")
MANIFESTS = tuple(folder("manifests") / name for name in ("accounts.yaml", "access.yaml"))


def command(role: Role, workdir: Path, user: str) -> list[str]:
    """The arguments of `hauberk` that start a program. `user`: as `hauberk run --user` takes it."""
    line = ["run", "--name", role.service, "--service-account", role.service, "--label", f"replica={role.key}"]
    line += ["--user", user]
    if role.port is not None:
        line += ["--port", role.port]
    if role.http_path is not None:
        line += ["--ready-http", role.http_path]
    for name, value in role.env.items():
        line += ["--env", f"{name}={value}"]
    return [*line, "--workdir", str(workdir), "--", *role.line(python=sys.executable, programs=str(PROGRAMS))]
