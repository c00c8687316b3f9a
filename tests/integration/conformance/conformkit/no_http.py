"""What is no HTTP/1 by its first line, so that a proxy which has to find out takes it for bytes of another protocol."""

import re

from conformkit.exchange import SENTINEL

NO_HTTP = frozenset(
    {
        "CR before the request",
        "CR within the request line",
        "LF before the request",
        "a method of 200 kB",
        "line: DEL in target",
        "line: HTP",
        "line: HTTP/0.9",
        "line: HTTP/01.1",
        "line: HTTP/1",
        "line: HTTP/1,1",
        "line: HTTP/11",
        "line: HTTP/2.0",
        "line: NUL in method",
        "line: NUL in target",
        "line: PRI",
        "line: bracket in method",
        "line: colon in method",
        "line: form feed",
        "line: http/1.1",
        "line: no method",
        "line: no target",
        "line: space before",
        "line: space in target",
        "line: tab",
        "line: two spaces",
        "line: two spaces later",
        "method in lower case",
        "two empty lines before the request",
    }
)
"""Of the cases of the corpus. Whatever else is wrong with a request, it is one."""
_FIRST_LINE = re.compile(rb"(?:\r\n)?[A-Z][A-Z0-9_-]{0,23} [^\x00-\x20\x7f]* HTTP/1\.")


def begins_a_request(raw: bytes) -> bool:
    """Whether these bytes of a client, and those that are always sent after them, have a request line of HTTP/1."""
    return _FIRST_LINE.match(raw + SENTINEL) is not None
