"""Files that are there with all of their text or not at all."""

import os
import shutil
from pathlib import Path


def differs(path: Path, text: str) -> bool:
    try:
        return path.read_text() != text
    except FileNotFoundError:
        return True


def write(path: Path, text: str | bytes, mode: int = 0o644) -> None:
    """Replaces the file in one step. From its first moment nobody has more rights to it than `mode` says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(text.encode() if isinstance(text, str) else text)
    new.replace(path)


def keep(path: Path, text: str, mode: int = 0o644) -> None:
    """Writes only what differs: some programs end when a file of theirs is written, even with the same text."""
    if differs(path, text):
        write(path, text, mode)


def remove(path: Path) -> None:
    """A file or a folder with all in it; it need not be there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
