"""Where the programs are, and why a test cannot run where they are not."""

import os
import shutil
from pathlib import Path


def api_server() -> Path:
    """Built by `make cluster`; it may not be there."""
    home = os.environ.get("HAUBERK_CLUSTER_HOME") or Path.home() / ".cache" / "hauberk-cluster"
    return Path(home) / "bin" / "kube-apiserver"


def missing() -> str:
    """The reason to skip; empty where there is none."""
    if not os.access(api_server(), os.X_OK):
        return f"there is no {api_server()}: `make cluster` builds it (HAUBERK_CLUSTER_HOME names another place)"
    if shutil.which("etcd") is None:
        return "there is no etcd on PATH: install it (Debian: etcd-server)"
    return ""
