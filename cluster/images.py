"""Images: made into archives, and loaded into nodes when they have changed."""

from collections.abc import Callable, Mapping
from pathlib import Path

from cluster import containerd, files
from cluster.archive import archive
from cluster.failure import ClusterFailed
from cluster.places import Places
from cluster.recipes import RECIPES, Recipe

PAUSE = "pause"
COREDNS = "coredns"


def make(places: Places, say: Callable[[str], None], recipes: Mapping[str, Recipe] = RECIPES) -> None:
    """Makes those whose programs are built. Raises ClusterFailed if a tool of this machine is missing."""
    for name, recipe in recipes.items():
        if all((places.bin / program).exists() for program in recipe.needs):
            changed = archive(file(places, name), recipe.names, recipe.contents(places))
            say(f"image {name}: {'made' if changed else 'as it was'}")


def load(places: Places, number: int, only: str | None = None) -> list[str]:
    """Loads those into a node that have changed since, or the one named. Returns which.

    Raises ClusterFailed if the one named has not been made.
    """
    if only is not None and not file(places, only).exists():
        raise ClusterFailed(f"the image {only} has not been made. Try: python -m cluster build")
    loaded = []
    for path in [file(places, only)] if only else sorted(places.images.glob("*.tar")):
        stamp, mark = places.node(number) / "loaded" / path.stem, _mark(path)
        if files.differs(stamp, mark):
            containerd.load(places, number, path)
            files.write(stamp, mark)
            loaded.append(path.stem)
    return loaded


def file(places: Places, name: str) -> Path:
    return places.images / f"{name}.tar"


def _mark(path: Path) -> str:
    """Changes with the file: an archive that is made anew with the same bytes is left untouched."""
    status = path.stat()
    return f"{status.st_size} {status.st_mtime_ns}\n"
