"""What is in an image."""

import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from cluster.failure import ClusterFailed

_FOLDERS = ("/dev", "/etc", "/proc", "/run", "/sys")
_SHARED = "/tmp"  # noqa: S108 - of the image
_LDD_TIMEOUT_S = 20.0


@dataclass(frozen=True, slots=True)
class Entry:
    """A file (`source`), a symbolic link (`target`), or else a folder."""

    mode: int
    source: Path | None = None
    target: str | None = None


@dataclass(frozen=True, slots=True)
class Contents:
    """Paths in the image are absolute."""

    files: Mapping[str, Path] = field(default_factory=dict)
    """A path in the image to a file or a folder of this machine; a folder comes with all in it."""
    programs: Mapping[str, Path] = field(default_factory=dict)
    """The same for ELF files, each of which brings the libraries that the loader would give it here."""
    links: Mapping[str, str] = field(default_factory=dict)
    """A path in the image to what it points to."""
    folders: Sequence[str] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    entrypoint: Sequence[str] = ()
    user: str = ""
    """A number; empty: root."""

    def entries(self) -> dict[str, Entry]:
        """All paths in the image, folders above others included. Raises ClusterFailed if two do not go together."""
        found: dict[str, Entry] = {}
        for path, source in self.files.items():
            found.update(_tree(path, source))
        for path, source in self.programs.items():
            found.update({library: _regular(Path(library)) for library in libraries(source)})
            found[path] = _regular(source)
        found.update({path: Entry(0o777, target=target) for path, target in self.links.items()})
        for path in [*_FOLDERS, *self.folders, *_above(found)]:
            if not _is_folder(found.setdefault(path, Entry(0o755))):
                raise ClusterFailed(f"in the image {path} is to be a folder and something else at once")
        found[_SHARED] = Entry(0o1777)
        return found


def libraries(program: Path) -> list[str]:
    """The absolute paths at which the loader finds what a program needs; none for a static one."""
    told = subprocess.run(
        ["ldd", program.resolve()], capture_output=True, text=True, timeout=_LDD_TIMEOUT_S, check=False
    )
    return named_libraries(told.stdout)


def named_libraries(told: str) -> list[str]:
    """From what ldd tells. Raises ClusterFailed if it tells that one is missing."""
    if missing := re.search(r"^\s*(\S+) => not found", told, re.MULTILINE):
        raise ClusterFailed(f"the library {missing[1]} is not on this machine. Try: install its package")
    return re.findall(r"(/\S+) \(0x", told)


def _tree(path: str, source: Path) -> Iterator[tuple[str, Entry]]:
    if source.is_symlink():
        yield path, Entry(0o777, target=str(source.readlink()))
    elif source.is_dir():
        yield path, Entry(0o755)
        for below in sorted(source.iterdir()):
            yield from _tree(f"{path.rstrip('/')}/{below.name}", below)
    else:
        yield path, _regular(source)


def _regular(source: Path) -> Entry:
    return Entry(0o755 if os.access(source, os.X_OK) else 0o644, source=source)


def _above(paths: Mapping[str, Entry]) -> set[str]:
    return {str(folder) for path in paths for folder in PurePosixPath(path).parents if str(folder) != "/"}


def _is_folder(entry: Entry) -> bool:
    return entry.source is None and entry.target is None
