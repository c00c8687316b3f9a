"""What the demo needs of a machine, and the one line that says what is missing."""

import os
import shutil
from collections.abc import Mapping

from hauberk.host import binary
from hauberk.host.failure import SetupFailed

PROGRAMS: Mapping[str, str] = {
    "unshare": "util-linux",
    "setpriv": "util-linux",
    "mount": "mount",
    "ip": "iproute2",
    "nft": "nftables",
    "nginx": "nginx-light",
    "redis-server": "redis-server",
}
"""Each program with Debian's package."""
_ADMIN_FOLDERS = "/usr/sbin:/sbin"


def missing(environ: Mapping[str, str], *, uid: int) -> str | None:
    """One line about the first thing that is missing, with what to do; None when the demo can begin."""
    if uid != 0:
        return "the demo needs root: it makes network namespaces and redirects in them. Try: sudo make demo"
    path = search_path(environ)
    absent = [name for name in PROGRAMS if shutil.which(name, path=path) is None]
    if absent:
        packages = sorted({PROGRAMS[name] for name in absent})
        return f"the demo needs {', '.join(absent)}. Try: apt-get install {' '.join(packages)}"
    try:
        binary.find(environ)
    except SetupFailed as error:
        return f"{error}. Try: {error.hint}"
    return None


def search_path(environ: Mapping[str, str]) -> str:
    """PATH with the folders that hold `nft` and `nginx`, which sudo and su may leave out."""
    return f"{environ.get('PATH') or os.defpath}:{_ADMIN_FOLDERS}"
