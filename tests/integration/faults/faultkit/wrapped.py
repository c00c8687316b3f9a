"""A proxy with settings that the runner does not give it."""

import os
import shlex
from collections.abc import Mapping
from pathlib import Path

from meshkit.mesh import Mesh


def wrapped(mesh: Mesh, name: str, settings: Mapping[str, str], *, files: int | None = None) -> Path:
    """A program for `hauberk run --proxy-binary` that becomes the usual proxy, with these variables as well.

    `files`: how many it may have open.
    """
    lines = [f"export {shlex.quote(f'{key}={value}')}" for key, value in settings.items()]
    if files is not None:
        lines.append(f"ulimit -n {files}")
    lines.append(f'exec {shlex.quote(os.environ["HAUBERK_PROXY_BINARY"])} "$@"')
    script = mesh.root / name
    script.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    script.chmod(0o755)
    return script
