"""Settings of the whole kernel that a kubelet changes. They are noted before, and put back."""

import json
from pathlib import Path

from cluster import files

NAMES = (
    "vm/overcommit_memory",
    "vm/panic_on_oom",
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys",
    "kernel/keys/root_maxbytes",
)
ROOT = Path("/proc/sys")


def note(file: Path, root: Path = ROOT) -> None:
    """Does nothing if they are noted: what is set by now is a kubelet's."""
    if not file.exists():
        known = [name for name in NAMES if (root / name).exists()]
        files.write(file, json.dumps({name: (root / name).read_text().strip() for name in known}))


def restore(file: Path, root: Path = ROOT) -> None:
    """Does nothing if they are not noted."""
    if not file.exists():
        return
    for name, value in json.loads(file.read_text()).items():
        if (root / name).read_text().strip() != value:
            (root / name).write_text(value)
    file.unlink()
