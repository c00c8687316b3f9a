"""Reading the body of a request: bounded in size and time, and JSON."""

import asyncio
from typing import Any

import msgspec
from aiohttp import web

from hauberk.apiserver.status import Refused, bad_request

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"

_READ_TIMEOUT_S = 30.0


async def read_json(request: web.Request, *, accepted: tuple[str, ...] = (JSON,)) -> Any:  # noqa: ANN401 - JSON
    """Return the decoded body; None if there is none. Raises Refused (400, 408, 415)."""
    try:
        async with asyncio.timeout(_READ_TIMEOUT_S):
            raw = await request.read()
    except TimeoutError:
        raise Refused(408, "Timeout", f"the body did not arrive within {_READ_TIMEOUT_S:.0f} s") from None
    if not raw:
        return None
    # A body without a type is taken for what is expected here; curl's default for -d is no type that anybody chose.
    content_type = request.content_type
    if content_type not in (*accepted, "application/octet-stream", "application/x-www-form-urlencoded"):
        raise Refused(415, "UnsupportedMediaType", _unsupported(content_type, accepted))
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
        raise bad_request(f"the body is not JSON: {e}") from None


async def read_object(request: web.Request, *, accepted: tuple[str, ...] = (JSON,)) -> dict[str, Any]:
    """Return a body that has to be a JSON object. Raises Refused."""
    document = await read_json(request, accepted=accepted)
    if not isinstance(document, dict):
        raise bad_request("the body has to be a JSON object")
    return document


def _unsupported(content_type: str, accepted: tuple[str, ...]) -> str:
    if content_type in ("application/apply-patch+yaml", "application/apply-patch+cbor"):
        return "server-side apply is not supported: use `hauberk apply`, or kubectl apply without --server-side"
    if content_type == "application/strategic-merge-patch+json":
        return f"strategic merge patch is not supported: use {MERGE_PATCH} (kubectl patch --type merge)"
    return f"the body is {content_type}: send {' or '.join(accepted)}"
