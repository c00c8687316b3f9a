"""The volumes of the proxy: a token for its identity, and places to write. Pure."""

from typing import Any

IDENTITY_DIR = "/var/run/linkerd/identity/end-entity"
"""For other implementations' proxies: ours makes its key in memory, and keeps it there."""
_TOKENS = "/var/run/secrets/tokens"
_TOKEN = "linkerd-identity-token"  # noqa: S105 - a name
TOKEN_FILE = f"{_TOKENS}/{_TOKEN}"
_END_ENTITY = "linkerd-identity-end-entity"
_LOCKS = "linkerd-proxy-init-xtables-lock"
NAMES = frozenset({_END_ENTITY, _TOKEN, _LOCKS})
_AUDIENCE = "identity.l5d.io"
_TOKEN_S = 86_400


def volumes(*, locks: bool) -> list[dict[str, Any]]:
    """`locks`: with a place for the lock of iptables, which an image that cannot be written has not."""
    token = {"path": _TOKEN, "audience": _AUDIENCE, "expirationSeconds": _TOKEN_S}
    made: list[dict[str, Any]] = [
        {"name": _END_ENTITY, "emptyDir": {"medium": "Memory"}},
        {"name": _TOKEN, "projected": {"sources": [{"serviceAccountToken": token}]}},
    ]
    return [*made, {"name": _LOCKS, "emptyDir": {}}] if locks else made


def proxy_mounts() -> list[dict[str, Any]]:
    return [{"name": _END_ENTITY, "mountPath": IDENTITY_DIR}, {"name": _TOKEN, "mountPath": _TOKENS}]


def redirect_mounts() -> list[dict[str, Any]]:
    return [{"name": _LOCKS, "mountPath": "/run"}]
