"""How a client finds the API server, and who it is there."""

import json
from pathlib import Path

_NAME = "hauberk-cluster"


def render(server: str, keys: Path, user: str) -> str:
    """For the user whose certificate and key are USER.crt and USER.key in `keys`. JSON, which is YAML too."""
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": _NAME, "cluster": {"server": server, "certificate-authority": str(keys / "ca.crt")}},
        ],
        "users": [
            {
                "name": user,
                "user": {"client-certificate": str(keys / f"{user}.crt"), "client-key": str(keys / f"{user}.key")},
            },
        ],
        "contexts": [{"name": _NAME, "context": {"cluster": _NAME, "user": user}}],
        "current-context": _NAME,
    }
    return json.dumps(document, indent=2) + "\n"
