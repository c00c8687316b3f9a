"""What the cluster needs of a machine."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from cluster import commands, containerd
from cluster.failure import ClusterFailed
from cluster.places import Places

PROGRAMS: Mapping[str, str] = {
    "etcd": "etcd-server",
    "containerd": "containerd",
    "containerd-shim-runc-v2": "containerd",
    "ctr": "containerd",
    "runc": "runc",
    "ip": "iproute2",
    "nft": "nftables",
    "iptables": "iptables",
    "conntrack": "conntrack",
    "busybox": "busybox-static",
    "nsenter": "util-linux",
    "mount": "mount",
    "umount": "mount",
    "timeout": "coreutils",
}
"""Each program with Debian's package."""
_PLUGINS = "containernetworking-plugins"
_BUILT = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "kubectl")
_IMAGES = ("pause", "coredns")


def root(uid: int) -> None:
    if uid != 0:
        raise ClusterFailed("this needs root, for network namespaces and cgroups. Try: sudo make cluster")


def check(places: Places, environ: Mapping[str, str], *, uid: int) -> None:
    """Raises ClusterFailed for the first thing that is not there."""
    root(uid)
    path = commands.search_path(environ)
    packages = {package for name, package in PROGRAMS.items() if shutil.which(name, path=path) is None}
    if not any(_has_plugins(folder) for folder in containerd.PLUGINS):
        packages.add(_PLUGINS)
    if packages:
        named = " ".join(sorted(packages))
        raise ClusterFailed(f"programs of these packages are missing: {named}. Try: make cluster, which installs them")
    files = [*(places.bin / name for name in _BUILT), *(places.images / f"{name}.tar" for name in _IMAGES)]
    if absent := [file.name for file in files if not os.access(file, os.R_OK)]:
        raise ClusterFailed(f"{', '.join(absent)}: not built. Try: python -m cluster build")


def _has_plugins(folder: Path) -> bool:
    return all((folder / name).exists() for name in ("bridge", "host-local", "loopback", "portmap"))
