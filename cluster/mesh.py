"""The images of the mesh itself, as the Dockerfiles of deploy/images make them elsewhere."""

from pathlib import Path

from cluster import commands, python, shell
from cluster.contents import Contents
from cluster.places import SOURCES, Places
from hauberk import __version__

ROOT = SOURCES.parent
CONTROLLER = f"ghcr.io/hauberk/controller:{__version__}"
PROXY = f"ghcr.io/hauberk/proxy:{__version__}"
PROGRAM = "hauberk-proxy"
_CONTROLLER_USER = "2103"
_PROXY_USER = "2102"


def controller(places: Places) -> Contents:
    """The control plane: an interpreter, its packages, and nothing that could be a shell."""
    staging = places.images / "staging"
    library = python.library(staging)
    packages = python.packages(staging, ROOT / "requirements" / "run.txt")
    own = python.package(staging, ROOT / "hauberk")
    return Contents(
        files={
            python.place(library.name): library,
            "/hauberk/packages": packages,
            "/hauberk/own/hauberk": own,
            **python.shared_libraries(library, packages),
        },
        programs={f"{python.HOME}/bin/python3": python.interpreter()},
        env={
            "PYTHONHOME": python.HOME,
            "PYTHONPATH": "/hauberk/own:/hauberk/packages",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUNBUFFERED": "1",
        },
        entrypoint=[f"{python.HOME}/bin/python3", "-m", "hauberk.cli"],
        user=_CONTROLLER_USER,
    )


def proxy(places: Places) -> Contents:
    """The micro-proxy, and what it writes redirects with."""
    redirecting = shell.redirecting()
    return Contents(
        files=redirecting.files,
        programs={f"/{PROGRAM}": places.bin / PROGRAM, **redirecting.programs},
        links=redirecting.links,
        entrypoint=[f"/{PROGRAM}"],
        user=_PROXY_USER,
    )


def take(places: Places, binary: Path) -> None:
    """Keeps a proxy that was built elsewhere among the programs, without what only a debugger reads.

    Raises ClusterFailed.
    """
    kept = places.bin / PROGRAM
    places.bin.mkdir(parents=True, exist_ok=True)
    new = kept.with_name(f"{PROGRAM}.new")
    commands.run(["strip", "-o", str(new), str(binary)])
    new.replace(kept)
