"""Building what has changed. Beside each program is a stamp: a hash of all that it was made of."""

import hashlib
import os
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from cluster import commands, files
from cluster.binaries import PARTS, Binary
from cluster.failure import ClusterFailed
from cluster.places import Places

_TIMEOUT_S = 3600.0
_POLITELY = ("nice", "-n", "10")
_SETTINGS = {"CGO_ENABLED": "0"}
"""Static programs, which run in an image without anything beside them."""


def build(places: Places, parts: Iterable[str], say: Callable[[str], None]) -> None:
    """Raises ClusterFailed with what the compiler said."""
    for part in parts:
        for binary in PARTS[part]:
            _build(places, binary, say)


def fingerprint(binary: Binary, version: str, sources: Mapping[str, bytes]) -> str:
    """Of all that the program depends on: the compiler, how it is called, and the sources by their names."""
    hashed = hashlib.sha256()
    settings = [f"{name}={value}" for name, value in sorted(_SETTINGS.items())]
    words = [version, *binary.tool, "", *binary.rest, "", *settings]
    parts = [word.encode() for word in words]
    for name in sorted(sources):
        parts += [name.encode(), sources[name]]
    for data in parts:
        # With its length, so that no two lists look the same.
        hashed.update(f"{len(data)}:".encode() + data)
    return hashed.hexdigest() + "\n"


def _build(places: Places, binary: Binary, say: Callable[[str], None]) -> None:
    out, stamp = places.bin / binary.name, places.bin / f"{binary.name}.stamp"
    sources = {path.name: path.read_bytes() for path in binary.folder.iterdir() if path.is_file()}
    wanted = fingerprint(binary, _version(binary), sources)
    if out.exists() and not files.differs(stamp, wanted):
        say(f"{binary.name}: up to date")
        return
    say(f"{binary.name}: building")
    began = time.monotonic()
    _compile(binary, out)
    # Last: if this is interrupted, it is built once more.
    files.write(stamp, wanted)
    say(f"{binary.name}: built in {time.monotonic() - began:.0f} s")


def _compile(binary: Binary, out: Path) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    new = out.with_name(f"{out.name}.new")
    command = [*_POLITELY, *binary.command(new)]
    commands.run(command, timeout_s=_TIMEOUT_S, folder=binary.folder, env=_environment())
    new.replace(out)


def _version(binary: Binary) -> str:
    try:
        return commands.run(binary.version, folder=binary.folder, env=_environment())
    except ClusterFailed as failure:
        tool = binary.version[0]
        raise ClusterFailed(f"{binary.name} is built with {tool}: {failure}. Try: install {tool}") from None


def _environment() -> dict[str, str]:
    """The person's own: it may say where modules come from, and where they are kept."""
    return {**os.environ, **_SETTINGS}
