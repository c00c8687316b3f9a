"""Errors as Kubernetes' clients expect them: an HTTP code and a `Status` object (meta/v1) with a reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Cause:
    """One thing that is wrong: `field` is the path inside the object, `reason` a CamelCase word of meta/v1."""

    field: str
    message: str
    reason: str = "FieldValueInvalid"


class Refused(Exception):
    """A request that is answered with an error. Everything that a handler refuses is one of these."""

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        *,
        causes: Sequence[Cause] = (),
        kind: str = "",
        group: str = "",
        name: str = "",
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.causes = tuple(causes)
        self.kind = kind
        self.group = group
        self.name = name
        self.retry_after_s = retry_after_s

    def to_status(self) -> dict[str, Any]:
        details: dict[str, Any] = {}
        if self.name:
            details["name"] = self.name
        if self.group:
            details["group"] = self.group
        if self.kind:
            details["kind"] = self.kind
        if self.causes:
            details["causes"] = [{"reason": c.reason, "message": c.message, "field": c.field} for c in self.causes]
        if self.retry_after_s is not None:
            details["retryAfterSeconds"] = self.retry_after_s
        return status("Failure", code=self.code, reason=self.reason, message=self.message, details=details)


def status(
    outcome: str, *, code: int = 200, reason: str = "", message: str = "", details: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Build a `Status` object; `outcome` is Success or Failure."""
    document: dict[str, Any] = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": outcome}
    if message:
        document["message"] = message
    if reason:
        document["reason"] = reason
    if details:
        document["details"] = details
    return {**document, "code": code}


def not_found(kind: str, name: str, *, group: str = "") -> Refused:
    """`kind` is the plural, as in Kubernetes' own messages."""
    return Refused(404, "NotFound", f'{qualified(kind, group)} "{name}" not found', kind=kind, group=group, name=name)


def already_exists(kind: str, name: str, *, group: str = "") -> Refused:
    message = f'{qualified(kind, group)} "{name}" already exists'
    return Refused(409, "AlreadyExists", message, kind=kind, group=group, name=name)


def conflict(kind: str, name: str, why: str, *, group: str = "") -> Refused:
    message = f'Operation cannot be fulfilled on {qualified(kind, group)} "{name}": {why}'
    return Refused(409, "Conflict", message, kind=kind, group=group, name=name)


def forbidden(why: str, *, kind: str = "", name: str = "", group: str = "") -> Refused:
    return Refused(403, "Forbidden", why, kind=kind, group=group, name=name)


def bad_request(why: str) -> Refused:
    return Refused(400, "BadRequest", why)


def invalid(kind: str, name: str, causes: Sequence[Cause], *, group: str = "") -> Refused:
    """An object that was understood and makes no sense (422)."""
    details = "; ".join(f"{c.field}: {c.message}" if c.field else c.message for c in causes)
    message = f'{qualified(kind, group)} "{name}" is invalid: {details}'
    return Refused(422, "Invalid", message, causes=causes, kind=kind, group=group, name=name)


def expired(message: str) -> Refused:
    """The resource version asked for is no longer kept (410): the client lists again."""
    return Refused(410, "Expired", message)


def qualified(kind: str, group: str) -> str:
    """A plural or kind with its group, as in Kubernetes' messages: `servers.policy.linkerd.io`."""
    return f"{kind}.{group}" if group else kind
