"""Programs of this machine that go into images."""

import os
import shutil
from pathlib import Path

from cluster import commands
from cluster.contents import Contents, libraries
from cluster.failure import ClusterFailed

_MODULES = "usr/lib/*/xtables"
_IPTABLES = {
    "xtables-nft-multi": (
        *("iptables", "iptables-nft", "iptables-nft-save", "iptables-nft-restore"),
        *("ip6tables", "ip6tables-nft", "ip6tables-nft-save", "ip6tables-nft-restore"),
    ),
    "xtables-legacy-multi": (
        *("iptables-legacy", "iptables-legacy-save", "iptables-legacy-restore"),
        *("ip6tables-legacy", "ip6tables-legacy-save", "ip6tables-legacy-restore"),
    ),
}
"""Programs with the names under which they are different ones."""


def redirecting() -> Contents:
    """What redirects can be made with: nft and iptables, of both kinds. Raises ClusterFailed if one is missing."""
    modules = sorted(Path("/").glob(_MODULES))
    if not modules:
        raise ClusterFailed("iptables' modules are not on this machine. Try: install the package iptables")
    # A module is loaded by a program that knows nothing of what it needs.
    needed = libraries(modules[0] / "libxt_REDIRECT.so")
    return Contents(
        files={str(modules[0]): modules[0], **{path: Path(path).resolve() for path in needed}},
        programs={f"/usr/sbin/{name}": program(name) for name in ("nft", *_IPTABLES)},
        links={f"/usr/sbin/{name}": target for target, names in _IPTABLES.items() for name in names},
    )


def program(name: str) -> Path:
    """Raises ClusterFailed if it is missing."""
    found = shutil.which(name, path=commands.search_path(os.environ))
    if found is None:
        raise ClusterFailed(f"{name} is not on this machine. Try: make cluster, which installs its package")
    return Path(found).resolve()
