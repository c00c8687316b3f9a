"""A Python for an image: the interpreter of this environment, what it needs of its own library, and packages.

Made once in a folder and kept as long as nothing changes. Every module comes compiled, with a file that is never
compared with its source: in an image nothing can be written, and times mean nothing.
"""

import os
import shutil
import sys
import sysconfig
from pathlib import Path

from cluster import commands, files
from cluster.contents import libraries
from cluster.failure import ClusterFailed

HOME = "/usr"
"""Where it is in the image (PYTHONHOME)."""
_VERSION = f"python{sys.version_info.major}.{sys.version_info.minor}"
_LEFT_OUT = ("test", "tests", "idlelib", "tkinter", "turtledemo", "lib2to3", "ensurepip", "site-packages", "config-*")
_INSTALL_TIMEOUT_S = 600.0


def interpreter() -> Path:
    return Path(sys.executable).resolve()


def library(staging: Path) -> Path:
    """The interpreter's own library, without what a server never needs."""
    source = Path(sysconfig.get_path("stdlib"))
    folder, stamp = staging / _VERSION, staging / f"{_VERSION}.stamp"
    if files.differs(stamp, sys.version):
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(source, folder, ignore=shutil.ignore_patterns(*_LEFT_OUT, "__pycache__", "*.a"), symlinks=False)
        _compile(folder)
        files.write(stamp, sys.version)
    return folder


def packages(staging: Path, requirements: Path) -> Path:
    """What a list with hashes names, installed. Raises ClusterFailed if it cannot be had."""
    folder, stamp = staging / "packages", staging / "packages.stamp"
    wanted = f"{sys.version}\n{requirements.read_text()}"
    if files.differs(stamp, wanted):
        shutil.rmtree(folder, ignore_errors=True)
        install = ["install", "--quiet", "--disable-pip-version-check", "--no-compile", "--require-hashes", "--no-deps"]
        command = [sys.executable, "-m", "pip", *install, "--target", str(folder), "--requirement", str(requirements)]
        # With the person's own environment: it may say where packages come from.
        commands.run(command, timeout_s=_INSTALL_TIMEOUT_S, env=os.environ)
        _compile(folder)
        files.write(stamp, wanted)
    return folder


def package(staging: Path, source: Path) -> Path:
    """A package of this project, as it is now."""
    folder = staging / "own" / source.name
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns("__pycache__"))
    _compile(folder)
    return folder


def shared_libraries(*folders: Path) -> dict[str, Path]:
    """What the loader would give here to the modules in C that are below."""
    found: dict[str, Path] = {}
    for folder in folders:
        for module in sorted(folder.rglob("*.so")):
            found.update({path: Path(path).resolve() for path in _of(module)})
    return found


def place(name: str) -> str:
    """Where in the image the interpreter looks for its library."""
    return f"{HOME}/lib/{name}"


def _of(module: Path) -> list[str]:
    try:
        return [path for path in libraries(module) if not path.startswith(str(module.parent.parent))]
    except ClusterFailed:
        # A module that does not load here (a database, a display) is none that a server uses.
        return []


def _compile(folder: Path) -> None:
    command = [sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
    commands.attempt([*command, str(folder)], timeout_s=_INSTALL_TIMEOUT_S)
