"""What the API server asks before it takes an object, and what it is told. Pure.

AdmissionReview, admission.k8s.io/v1.
"""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

_API_VERSION = "admission.k8s.io/v1"
_KIND = "AdmissionReview"
_WARNING_MAX = 256
_WARNINGS_MAX = 16
"""Kubernetes passes on 4,096 characters of all warnings together."""
_MESSAGE_MAX = 4096


class ReviewInvalid(Exception):
    """The body is no question; the message says why."""


class KindOf(msgspec.Struct, frozen=True):
    group: str
    version: str
    kind: str


class Request(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One question."""

    uid: str
    kind: KindOf
    operation: str
    namespace: str = ""
    dry_run: bool | None = None
    document: dict[str, Any] | None = msgspec.field(default=None, name="object")
    """None where something is deleted."""


class _Review(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    api_version: str
    kind: str
    request: Request


@dataclass(frozen=True)
class Allowed:
    """The object may be, changed by the operations of a JSON Patch. Warnings reach whoever sent it."""

    operations: Sequence[Mapping[str, Any]] = ()
    warnings: Sequence[str] = ()


@dataclass(frozen=True)
class Denied:
    """The object may not be."""

    message: str
    warnings: Sequence[str] = ()


Answer = Allowed | Denied

_decoder = msgspec.json.Decoder(_Review)


def decode(body: bytes) -> Request:
    """Raises ReviewInvalid."""
    try:
        review = _decoder.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ReviewInvalid(f"not an {_KIND}: {error}") from None
    if (review.api_version, review.kind) != (_API_VERSION, _KIND):
        raise ReviewInvalid(f"not an {_KIND} of {_API_VERSION}: ask in that version")
    return review.request


def encode(request: Request, answer: Answer) -> bytes:
    response: dict[str, Any] = {"uid": request.uid, "allowed": isinstance(answer, Allowed)}
    match answer:
        case Allowed(operations) if operations:
            response["patchType"] = "JSONPatch"
            response["patch"] = b64encode(msgspec.json.encode(operations)).decode()
        case Denied(message):
            text = _on_one_line(message, _MESSAGE_MAX)
            response["status"] = {"code": 403, "reason": "Forbidden", "message": text}
    if answer.warnings:
        response["warnings"] = [_on_one_line(text, _WARNING_MAX) for text in answer.warnings[:_WARNINGS_MAX]]
    return msgspec.json.encode({"apiVersion": _API_VERSION, "kind": _KIND, "response": response})


def _on_one_line(text: str, most: int) -> str:
    """Of printable characters: warnings travel in a header."""
    shown = "".join(c if c.isprintable() else " " for c in text)
    return shown if len(shown) <= most else shown[: most - 1] + "…"
