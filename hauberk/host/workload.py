"""A workload's directory before its supervisor has it, and the step from one to the other."""

import json
import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from hauberk.host import network
from hauberk.host.failure import SetupFailed
from hauberk.host.runner import FILE, Runner, to_document

SPEC_FILE = "spec.json"
_PARENTS_MODE = 0o711
"""Proxies pass through to their own files; they cannot list what else there is."""


def workloads_dir(environ: Mapping[str, str]) -> Path:
    """Where the directories of root's workloads are."""
    return Path(environ.get("HAUBERK_RUNTIME_DIR") or "/run/hauberk") / "workloads"


def create(directory: Path, record: Runner) -> None:
    """Makes the directory with the runner's record in it. Raises SetupFailed."""
    with network.locked():
        try:
            _make_parents(directory.parent)
            directory.mkdir(mode=0o700)
            _write(directory / FILE, to_document(record))
        except OSError as error:
            if directory.is_dir() and isinstance(error, FileExistsError):
                raise SetupFailed(f"{directory} is another workload's", hint="try again: names are random") from None
            raise _unwritable(directory, error) from None


def write_spec(directory: Path, document: Mapping[str, Any]) -> Path:
    """Writes the spec, which holds a token, so that root alone can read it. Raises SetupFailed."""
    path = directory / SPEC_FILE
    try:
        _write(path, document)
    except OSError as error:
        raise _unwritable(directory, error) from None
    return path


def become_supervisor(binary: Path, spec: Path) -> NoReturn:
    """Replaces this process by the supervisor. Raises SetupFailed if the binary cannot be executed."""
    # Python ignores these, and what is ignored stays so in the program.
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    try:
        os.execv(binary, [binary.name, "supervise", "--spec", str(spec)])  # noqa: S606 - no shell is wanted
    except OSError as error:
        raise SetupFailed(
            f"{binary} cannot be executed: {error.strerror}", hint="is it a build for this machine?"
        ) from None


def _make_parents(workloads: Path) -> None:
    for directory in (workloads.parent, workloads):
        if not directory.is_dir():
            directory.mkdir(parents=True)
            directory.chmod(_PARENTS_MODE)


def _write(path: Path, document: Mapping[str, Any]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(document, file)


def _unwritable(directory: Path, error: OSError) -> SetupFailed:
    return SetupFailed(
        f"cannot write {error.filename or directory}: {error.strerror}",
        hint="is its file system full or read-only?",
    )
