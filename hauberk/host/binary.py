"""Where the proxy's binary is."""

import os
import shutil
import sysconfig
from collections.abc import Mapping
from pathlib import Path

from hauberk.host.failure import SetupFailed

NAME = "hauberk-proxy"
_CHECKOUT = Path(__file__).resolve().parents[2]


def find(environ: Mapping[str, str]) -> Path:
    """The first of: `HAUBERK_PROXY_BINARY`, the scripts folder of this installation, PATH, a build in this checkout."""
    if asked := environ.get("HAUBERK_PROXY_BINARY"):
        return named(asked, by="HAUBERK_PROXY_BINARY")
    looked = candidates(environ)
    for path in looked:
        if _executable(path):
            return path
    raise SetupFailed(
        f"{NAME} is not installed (looked at {', '.join(map(str, looked))})",
        hint=f"pip install {NAME}, or in a checkout: cargo build --release in proxy/",
    )


def named(text: str, *, by: str) -> Path:
    """The binary that a person names `by` an option or a variable."""
    path = Path(text)
    if not _executable(path):
        raise SetupFailed(f"{by} names {path}, which is no program", hint="correct it, or leave it out")
    return path.resolve()


def candidates(environ: Mapping[str, str]) -> list[Path]:
    """Where an unnamed binary is looked for, in order."""
    found = [Path(sysconfig.get_path("scripts")) / NAME]
    if on_path := shutil.which(NAME, path=environ.get("PATH")):
        found.append(Path(on_path))
    if (_CHECKOUT / "proxy" / "Cargo.toml").is_file():
        found += [_CHECKOUT / "proxy" / "target" / profile / NAME for profile in ("release", "debug")]
    return found


def _executable(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)
