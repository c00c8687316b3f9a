"""The demo's programs and manifests: in the package as it is installed, or in the repository."""

from pathlib import Path
from typing import Any

from hauberk.model.yaml import documents

_PACKAGED = Path(__file__).resolve().parent
_REPOSITORY = Path(__file__).resolve().parents[2] / "demo"


def folder(name: str) -> Path:
    """`manifests` or `programs`."""
    packaged = _PACKAGED / name
    return packaged if packaged.is_dir() else _REPOSITORY / name


def programs() -> dict[str, str]:
    """All files that the programs are made of, by their names."""
    return {path.name: path.read_text() for path in sorted(folder("programs").iterdir()) if path.is_file()}


def manifest(name: str) -> list[dict[str, Any]]:
    """The objects of one file, without a namespace. Raises ManifestInvalid."""
    path = folder("manifests") / f"{name}.yaml"
    return [dict(document.raw) for document in documents(path.read_text(), file=path.name)]
