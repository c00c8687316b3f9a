"""What a call on a Kubernetes-style API may end in.

One small tree, drawn for the caller. The only place that knows HTTP status codes and `Status` objects is `from_status`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


class ApiError(Exception):
    """The API answered with an error that has no class of its own. Base of all the others."""

    def __init__(self, message: str, *, code: int = 0, reason: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.reason = reason


@dataclass(frozen=True)
class Cause:
    """One thing that is wrong with an object: which field, and why."""

    field: str
    message: str
    reason: str = ""


class NotFound(ApiError):
    """The object, its namespace or its kind does not exist (404)."""


class AlreadyExists(ApiError):
    """An object of that name exists (409, reason AlreadyExists)."""


class Conflict(ApiError):
    """The object has changed since it was read (409): read it again, decide again, write again."""


class Forbidden(ApiError):
    """The caller may not do that (401, 403)."""


class Gone(ApiError):
    """The resource version asked for is no longer kept (410): list again."""


class Invalid(ApiError):
    """The object makes no sense (400, 422); `causes` names each field that is wrong."""

    def __init__(self, message: str, *, code: int = 422, reason: str = "Invalid", causes: Sequence[Cause] = ()) -> None:
        super().__init__(message, code=code, reason=reason)
        self.causes = tuple(causes)


class Busy(ApiError):
    """The server has too much to do (429, 503); `retry_after_s` says when to come back."""

    def __init__(self, message: str, *, code: int, reason: str, retry_after_s: float) -> None:
        super().__init__(message, code=code, reason=reason)
        self.retry_after_s = retry_after_s


class Unreachable(ApiError):
    """Nobody answers where the client looked. `looked` lists the places in order, `hint` is the next step."""

    def __init__(self, message: str, *, looked: Sequence[str], hint: str) -> None:
        super().__init__(f"{message} (looked at {', '.join(looked)}): {hint}")
        self.looked = tuple(looked)
        self.hint = hint


class Misconfigured(ApiError):
    """The API cannot be asked: its address, or what the caller proves itself with, is missing or wrong.

    The message names the file or setting and says what to do.
    """


class Garbled(ApiError):
    """The answer is not what a Kubernetes-style API says: something else listens there."""


_BY_CODE: Mapping[int, type[ApiError]] = {401: Forbidden, 403: Forbidden, 404: NotFound, 409: Conflict, 410: Gone}
_DEFAULT_RETRY_AFTER_S = 1.0
_LONGEST_RETRY_AFTER_S = 60.0


def from_status(code: int, status: Mapping[str, object], *, retry_after: str = "") -> ApiError:
    """Map an HTTP status code and the `Status` object that came with it (may be empty) to the error to raise.

    `retry_after` is the header of that name: a server with too much to do sends nothing but that.
    """
    message = str(status.get("message") or f"the API answered {code}")
    reason = str(status.get("reason") or "")
    raw_details = status.get("details")
    details: Mapping[str, object] = raw_details if isinstance(raw_details, dict) else {}
    if code in (400, 422):
        return Invalid(message, code=code, reason=reason, causes=_causes(details.get("causes")))
    if code in (429, 503):
        after = details.get("retryAfterSeconds", retry_after)
        seconds = _seconds(after) if isinstance(after, int | float | str) else _DEFAULT_RETRY_AFTER_S
        return Busy(message, code=code, reason=reason, retry_after_s=seconds)
    if code == 409 and reason == "AlreadyExists":
        return AlreadyExists(message, code=code, reason=reason)
    return _BY_CODE.get(code, ApiError)(message, code=code, reason=reason)


def _seconds(after: float | str) -> float:
    """RFC 9110, 10.2.3, without its dates; bounded, because whoever waits for longer is told nothing."""
    try:
        seconds = float(after)
    except ValueError:
        return _DEFAULT_RETRY_AFTER_S
    return min(seconds, _LONGEST_RETRY_AFTER_S) if seconds >= 0 else _DEFAULT_RETRY_AFTER_S


def _causes(raw: object) -> list[Cause]:
    if not isinstance(raw, list):
        return []
    return [
        Cause(field=str(c.get("field", "")), message=str(c.get("message", "")), reason=str(c.get("reason", "")))
        for c in raw
        if isinstance(c, dict)
    ]
