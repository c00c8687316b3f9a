"""Answers: documents as JSON, refusals as `Status`, warnings as headers."""

from collections.abc import Sequence
from typing import Any

import msgspec
from aiohttp import web

from hauberk.apiserver.status import Refused

_MAX_WARNINGS = 16
_MAX_WARNING_CHARACTERS = 512


def json_answer(document: Any, *, code: int = 200, warnings: Sequence[str] = ()) -> web.Response:  # noqa: ANN401 - JSON
    answer = web.Response(body=msgspec.json.encode(document), status=code, content_type="application/json")
    for warning in warnings[:_MAX_WARNINGS]:
        answer.headers.add("Warning", f'299 - "{_quoted(warning)}"')
    return answer


def refused(why: Refused) -> web.Response:
    answer = json_answer(why.to_status(), code=why.code)
    if why.retry_after_s is not None:
        answer.headers["Retry-After"] = str(why.retry_after_s)
    return answer


def _quoted(text: str) -> str:
    """Make text fit for a quoted string of a header (RFC 9110, 5.6.4): one line, printable, escaped."""
    printable = "".join(c if c.isascii() and c.isprintable() else " " for c in text[:_MAX_WARNING_CHARACTERS])
    return printable.replace("\\", "\\\\").replace('"', '\\"')
