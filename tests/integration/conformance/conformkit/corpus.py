"""Requests as bytes, and what has to become of each.

Sources of the rules: RFC 9112 (messages), RFC 9110 (fields); of the tricks: the collections of request smuggling that
the literature has (CL.TE, TE.CL, TE.TE, CL.0, obs-fold, chunk sizes and extensions, line ends, targets).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from conformkit.head import CHUNKED, GET, HELLO, SMUGGLED, head
from conformkit.refused import clear_ends, unclear_ends


@dataclass(frozen=True)
class Case:
    name: str
    raw: bytes
    passes: int | None
    """So many requests reach the program; None: that is the proxy's choice."""
    refused: bool | None
    """Whether the connection ends with a refusal then, so that nothing more passes."""
    may_go_on: bool = False
    """Whether another request may pass after a refusal all the same."""

    def __str__(self) -> str:
        return self.name


def cases() -> Iterator[Case]:
    for name, raw, passes in (*_plain(), *_pipelines(), *_long()):
        yield Case(name, raw, passes, refused=False)
    for name, raw in unclear_ends():
        yield Case(name, raw, 0, refused=True)
    for name, raw in clear_ends():
        yield Case(name, raw, 0, refused=True, may_go_on=True)
    for name, raw, passes in _broken_pipelines():
        yield Case(name, raw, passes, refused=True)
    for name, raw in _choices():
        yield Case(name, raw, None, refused=None)


def _plain() -> Iterator[tuple[str, bytes, int]]:
    for method in (b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"OPTIONS", b"PATCH", b"PROPFIND", b"M-SEARCH"):
        yield f"method {method.decode()}", head(line=method + b" /a HTTP/1.1"), 1
    for target in (
        b"/",
        b"/a?b=c&d",
        b"/%2e%2e/a",
        b"//a",
        b"/a;b=c",
        b"/?",
        b"/a/../b",
        b"/a%00b",
        b"/~a!$&'()*+,=:@",
    ):
        yield f"target {target.decode()}", head(line=b"GET " + target + b" HTTP/1.1"), 1
    yield "options of all", head(line=b"OPTIONS * HTTP/1.1"), 1
    yield "absolute target", head(line=b"GET http://program/a HTTP/1.1"), 1
    yield "HTTP/1.0 without host", head(b"Connection: keep-alive", line=b"GET /a HTTP/1.0", host=None), 1
    yield "length", head(b"Content-Length: 5") + b"hello", 1
    yield "length 0", head(b"Content-Length: 0"), 1
    yield "length and GET", head(b"Content-Length: 5", line=b"GET /a HTTP/1.1") + b"hello", 1
    yield "body that looks like a request", head(b"Content-Length: %d" % len(SMUGGLED)) + SMUGGLED, 1
    yield "chunked", head(CHUNKED) + HELLO, 1
    yield "chunked and GET", head(CHUNKED, line=b"GET /a HTTP/1.1") + HELLO, 1
    yield "many chunks", head(CHUNKED) + b"1\r\nx\r\n" * 100 + b"0\r\n\r\n", 1
    yield "chunk with request in it", head(CHUNKED) + b"%x\r\n%s\r\n0\r\n\r\n" % (len(SMUGGLED), SMUGGLED), 1
    yield "chunk size in capitals", head(CHUNKED) + b"A\r\n0123456789\r\n0\r\n\r\n", 1
    yield "chunked in capitals", head(b"TRANSFER-ENCODING: Chunked") + HELLO, 1
    yield "trailers", head(CHUNKED, b"Trailer: X-T") + b"5\r\nhello\r\n0\r\nX-T: 1\r\n\r\n", 1
    yield "value without space", head(b"X-A:b"), 1
    yield "value with tabs around", head(b"X-A:\t b \t"), 1
    yield "empty value", head(b"X-A:"), 1
    yield "value of high bytes", head(b"X-A: f\xc3\xbc"), 1
    yield "name of all token characters", head(b"X-!#$%&'*+-.^_`|~: b", line=b"GET /a HTTP/1.1"), 1
    yield "field twice", head(b"X-A: 1", b"X-A: 2"), 1
    yield "expects 100", head(b"Expect: 100-continue", b"Content-Length: 5") + b"hello", 1
    yield "upgrade that nobody takes", head(b"Connection: Upgrade", b"Upgrade: other", line=b"GET /a HTTP/1.1"), 1
    yield "host with port", head(host=b"Host: program:80"), 1
    yield "empty line before the request", b"\r\n" + GET, 1


def _pipelines() -> Iterator[tuple[str, bytes, int]]:
    yield "two", GET * 2, 2
    yield "ten", GET * 10, 10
    yield "bodies of all kinds", head(b"Content-Length: 5") + b"hello" + head(CHUNKED) + HELLO + GET, 3
    yield "lengths in turn", (head(b"Content-Length: 3") + b"abc" + GET) * 4, 8
    yield "trailers, then another", head(CHUNKED) + b"0\r\nX-T: 1\r\n\r\n" + GET, 2
    yield "HEAD between", head(line=b"HEAD /a HTTP/1.1") + GET, 2
    yield "empty lines between", GET + b"\r\n" + GET, 2


def _long() -> Iterator[tuple[str, bytes, int]]:
    yield "a long target", head(line=b"GET /" + b"a" * 7000 + b" HTTP/1.1"), 1
    yield "a long value", head(b"X-A: " + b"a" * 15_000), 1
    yield "fifty fields", head(*(b"X-%d: a" % number for number in range(50))), 1
    yield "a body of 100 kB", head(b"Content-Length: 100000") + b"a" * 100_000, 1


def _broken_pipelines() -> Iterator[tuple[str, bytes, int]]:
    yield "good, then both lengths", GET + head(b"Content-Length: 5", CHUNKED) + HELLO, 1
    yield "good, then folded", GET + head(b"X-A: b\r\n c"), 1
    yield "three good, then a bare LF", GET * 3 + head(b"X-A: b", end=b"\n"), 3
    yield "good, bad, good", GET + head(b"bad") + GET, 1
    yield "body, then one byte too many", head(b"Content-Length: 5") + b"hello(" + GET, 1
    yield "chunks, then garbage", head(CHUNKED) + HELLO + b"\x00\x01\x02" + GET, 1
    yield "good, then HTTP/0.9", GET + b"GET /smuggled\r\n", 1
    yield "good, then another version", GET + b"GET /smuggled HTTP/2.0\r\nHost: program\r\n\r\n", 1
    yield "asks to close, then another", head(b"Connection: close", line=b"GET /a HTTP/1.1") + GET, 1
    yield "HTTP/1.0, then another", head(line=b"GET /a HTTP/1.0") + GET, 1


def _choices() -> Iterator[tuple[str, bytes]]:
    yield "equal lengths", head(b"Content-Length: 5", b"Content-Length: 5") + b"hello"
    yield "length with zeros before", head(b"Content-Length: 0005") + b"hello"
    yield "chunk size with zeros before", head(CHUNKED) + b"0005\r\nhello\r\n0\r\n\r\n"
    yield "chunk extension", head(CHUNKED) + b"5;a=b\r\nhello\r\n0;c\r\n\r\n"
    yield "quoted chunk extension", head(CHUNKED) + b'5;a="b;c\\""\r\nhello\r\n0\r\n\r\n'
    yield "space after chunk size", head(CHUNKED) + b"5 \r\nhello\r\n0\r\n\r\n"
    yield "tab after chunk size", head(CHUNKED) + b"5\t\r\nhello\r\n0\r\n\r\n"
    yield "space before extension", head(CHUNKED) + b"5 ; a\r\nhello\r\n0\r\n\r\n"
    yield "trailer of length", head(CHUNKED) + b"5\r\nhello\r\n0\r\nContent-Length: 100\r\n\r\n"
    yield "trailer of encoding", head(CHUNKED) + b"5\r\nhello\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n"
    yield "trailer of host", head(CHUNKED) + b"5\r\nhello\r\n0\r\nHost: other\r\n\r\n"
    yield "method in lower case", head(line=b"get /a HTTP/1.1")
    yield "method of one letter", head(line=b"X /a HTTP/1.1")
    yield "TRACE", head(line=b"TRACE /a HTTP/1.1")
    yield "CONNECT", head(line=b"CONNECT program:80 HTTP/1.1")
    yield "CONNECT with length", head(b"Content-Length: 5", line=b"CONNECT program:80 HTTP/1.1") + b"hello"
    yield "absolute target of another host", head(line=b"GET http://other/a HTTP/1.1")
    yield "absolute target of another scheme", head(line=b"GET ftp://program/a HTTP/1.1")
    yield "absolute target with https", head(line=b"GET https://program/a HTTP/1.1")
    yield "absolute target without path", head(line=b"GET http://program HTTP/1.1")
    yield "absolute target with query only", head(line=b"GET http://program?a HTTP/1.1")
    yield "empty host", head(host=b"Host:", line=b"GET /a HTTP/1.1")
    yield "host of an underscore", head(host=b"Host: a_b", line=b"GET /a HTTP/1.1")
    yield "names its length as of the connection", head(b"Connection: Content-Length", b"Content-Length: 5") + b"hello"
    yield "names its encoding as of the connection", head(b"Connection: Transfer-Encoding", CHUNKED) + HELLO
    yield "names its host as of the connection", head(b"Connection: Host", line=b"GET /a HTTP/1.1")
    yield "upgrade and body", head(b"Connection: Upgrade", b"Upgrade: other", b"Content-Length: 5") + b"hello"
    yield (
        "upgrade to h2c",
        head(
            b"Connection: Upgrade, HTTP2-Settings",
            b"Upgrade: h2c",
            b"HTTP2-Settings: AAMAAABk",
            line=b"GET /a HTTP/1.1",
        ),
    )
    yield (
        "upgrade and another request",
        head(b"Connection: Upgrade", b"Upgrade: other", line=b"GET /a HTTP/1.1") + SMUGGLED,
    )
    yield "expects something else", head(b"Expect: 200-ok", b"Content-Length: 5") + b"hello"
    yield "underscore for hyphen", head(b"Content_Length: 5", b"Transfer_Encoding: chunked", line=b"GET /a HTTP/1.1")
    yield "proxy-connection", head(b"Proxy-Connection: keep-alive", line=b"GET /a HTTP/1.1")
    yield (
        "keep-alive of HTTP/1.0 with length",
        head(b"Connection: keep-alive", b"Content-Length: 5", line=b"POST /a HTTP/1.0") + b"hello",
    )
    yield "two empty lines before the request", b"\r\n\r\n" + GET
    yield "brackets in target", head(line=b"GET /a[0]={1}|^ HTTP/1.1")
    yield "quote in target", head(line=b'GET /"a" HTTP/1.1')
    yield "backslash in target", head(line=b"GET /a\\..\\b HTTP/1.1")
    yield "star for GET", head(line=b"GET * HTTP/1.1")
    yield "percent without digits", head(line=b"GET /a%zz HTTP/1.1")
