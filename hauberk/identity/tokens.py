"""The evidence on plain machines: tokens (JWT, RFC 7519) bound to one identity and one registered workload.

Claims have the names of Kubernetes' bound ServiceAccount tokens. Whoever holds a token can ask for certificates of its
one identity only, and only while its Pod is registered; that is why one may be sent again and again.
"""

import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import msgspec

from hauberk.catalog.refusal import Refusal
from hauberk.identity.evidence import AUDIENCE, Bound, Claims, size_refusal
from hauberk.identity.files import PRIVATE, write_durably

_ALGORITHM = "HS256"
_KEY_BYTES = 32
_ISSUER = "hauberk"
_CLAIM = "kubernetes.io"
_REQUIRED = ["aud", "exp", "iss", "sub", _CLAIM]


class KeyUnusable(Exception):
    """The key of the tokens cannot be read or made; the message says what to do."""


class _Named(msgspec.Struct, frozen=True):
    name: str
    uid: str = ""


class _Binding(msgspec.Struct, frozen=True):
    namespace: str
    serviceaccount: _Named
    pod: _Named | None = None


class Tokens:
    """Makes tokens and reads them. Pure but for the key, which is given."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def mint(
        self,
        *,
        namespace: str,
        service_account: str,
        pod_name: str,
        pod_uid: str,
        now: datetime,
        ttl: timedelta,
    ) -> tuple[str, datetime]:
        """Return the token of a workload and when it expires."""
        pod = {"name": pod_name, "uid": pod_uid}
        return self._signed({"namespace": namespace, "pod": pod}, service_account, now, ttl)

    def mint_own(self, *, namespace: str, service_account: str, now: datetime, ttl: timedelta) -> tuple[str, datetime]:
        """Return a token of the control plane itself, which is registered nowhere, and when it expires."""
        return self._signed({"namespace": namespace}, service_account, now, ttl)

    def read(self, token: bytes, *, now: datetime) -> Claims | Refusal:
        """Return what the token proves at this time; whether its Pod is still registered is another question."""
        if (refusal := size_refusal(token)) is not None:
            return refusal
        try:
            claims = jwt.decode(
                token.strip(),
                self._key,
                algorithms=[_ALGORITHM],
                audience=AUDIENCE,
                issuer=_ISSUER,
                # The time is an argument here; the library would look at the machine's clock.
                options={"verify_exp": False, "verify_nbf": False, "verify_iat": False, "require": _REQUIRED},
            )
            expires = datetime.fromtimestamp(int(claims["exp"]), UTC)
            binding = msgspec.convert(claims[_CLAIM], _Binding)
        except (jwt.InvalidTokenError, msgspec.ValidationError, ValueError, TypeError, OverflowError):
            return Refusal("failed-precondition", "the token is not one of this mesh: enroll the workload again")
        if now >= expires:
            return Refusal(
                "failed-precondition", f"the token expired at {expires.isoformat()}: ask for a new one and send that"
            )
        pod = Bound(binding.pod.name, binding.pod.uid) if binding.pod is not None else None
        return Claims(binding.namespace, binding.serviceaccount.name, pod)

    def _signed(
        self, binding: dict[str, Any], service_account: str, now: datetime, ttl: timedelta
    ) -> tuple[str, datetime]:
        expires = (now + ttl).replace(microsecond=0)
        claims = {
            "iss": _ISSUER,
            "aud": [AUDIENCE],
            "sub": f"system:serviceaccount:{binding['namespace']}:{service_account}",
            "iat": int(now.timestamp()),
            "exp": int(expires.timestamp()),
            _CLAIM: {**binding, "serviceaccount": {"name": service_account}},
        }
        return jwt.encode(claims, self._key, algorithm=_ALGORITHM), expires


def key_at(path: Path) -> bytes:
    """Return the key kept in a file (0600), which is made if it is missing. Raises KeyUnusable."""
    try:
        key = path.read_bytes()
        path.chmod(PRIVATE)  # whatever a restore from a backup made of it
    except FileNotFoundError:
        key = secrets.token_bytes(_KEY_BYTES)
        try:
            write_durably(path, key, mode=PRIVATE)
        except OSError as error:
            raise KeyUnusable(f"{path} cannot be written ({error.strerror})") from error
    except OSError as error:
        raise KeyUnusable(f"{path} cannot be read ({error.strerror})") from error
    if len(key) != _KEY_BYTES:
        raise KeyUnusable(f"{path} is damaged: remove it, and start the workloads again to give them new tokens")
    return key
