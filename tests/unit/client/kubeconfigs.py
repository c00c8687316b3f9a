"""kubeconfig files in a few words."""

from pathlib import Path
from typing import Any

import yaml


def written(path: Path, **parts: Any) -> Path:
    """A file with `clusters`, `users` and `contexts` as mappings from names, and what else is given as it is."""
    document: dict[str, Any] = {"apiVersion": "v1", "kind": "Config"}
    for key, value in parts.items():
        if key in ("clusters", "users", "contexts"):
            document[key] = [{"name": name, key.removesuffix("s"): entry} for name, entry in value.items()]
        else:
            document[key.replace("_", "-")] = value
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(document))
    return path


def simple(path: Path, *, user: Any = None, cluster: Any = None, **context: Any) -> Path:
    """One context, `here`, of one cluster and one user."""
    return written(
        path,
        clusters={"c": {"server": "https://10.0.0.1:6443", **(cluster or {})}},
        users={"u": user or {}},
        contexts={"here": {"cluster": "c", "user": "u", **context}},
        current_context="here",
    )
