"""Where the files of an installation are: in the package as it is installed, or beside it in the repository."""

from functools import cache
from pathlib import Path

from hauberk.install.reading import read
from hauberk.install.template import Node

_PACKAGED = Path(__file__).resolve().parent / "deploy"
_REPOSITORY = Path(__file__).resolve().parents[2] / "deploy"


def folder(name: str) -> Path:
    """`manifests` or `crds`."""
    packaged = _PACKAGED / name
    return packaged if packaged.is_dir() else _REPOSITORY / name


@cache
def templates() -> dict[str, list[Node]]:
    """Raises TemplateInvalid."""
    return read(folder("manifests"))


@cache
def crds() -> dict[str, str]:
    """The kinds of resources that the control plane reads, as YAML, by their names in the cluster."""
    return {path.stem: path.read_text() for path in sorted(folder("crds").glob("*.yaml"))}
