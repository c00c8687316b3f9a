"""Requests that no two readers can be trusted to read alike: none of them may reach a program."""

from collections.abc import Iterator

from conformkit.head import CHUNKED, GET, HELLO, HOST, SMUGGLED, head


def unclear_ends() -> Iterator[tuple[str, bytes]]:
    """Where they end can be read in two ways, or not at all. Each with its name."""
    for kind in (_lengths, _encodings, _chunks, _line_ends, _fields):
        yield from kind()


def clear_ends() -> Iterator[tuple[str, bytes]]:
    """What they are about is wrong, but not where they end."""
    for kind in (_lines, _hosts):
        yield from kind()


def _lengths() -> Iterator[tuple[str, bytes]]:
    values = {
        "plus": b"+5", "minus": b"-5", "minus zero": b"-0", "hex": b"0x5", "decimal point": b"5.0",
        "exponent": b"5e0",
        "list of equals": b"5, 5", "list": b"5, 6", "trailing comma": b"5,", "leading comma": b",5", "empty": b"",
        "words": b"five", "space within": b"5 5", "overflow of 64 bits": b"18446744073709551621",
        "overflow of 128 bits": b"340282366920938463463374607431768211461", "quoted": b'"5"', "parameter": b"5;a=b",
        "vertical tab": b"\x0b5", "form feed": b"5\x0c", "no-break space": b"\xa05", "underscore": b"0_5",
        "arabic digit": b"\xd9\xa5", "NUL": b"5\x00",
    }  # fmt: skip
    for name, value in values.items():
        yield f"length: {name}", head(b"Content-Length: " + value) + b"hello"
    yield "lengths differ", head(b"Content-Length: 5", b"Content-Length: 6") + b"hello!"
    yield "lengths differ in case", head(b"Content-Length: 5", b"content-length: 0") + b"hello"
    yield "length with space before colon", head(b"Content-Length : 5") + b"hello"
    yield "length with tab before colon", head(b"Content-Length\t: 5") + b"hello"
    yield "length after NUL", head(b"Content-Length\x00: 5") + b"hello"
    yield "length folded", head(b"Content-Length:\r\n 5") + b"hello"


def _encodings() -> Iterator[tuple[str, bytes]]:
    yield "length and chunked", head(b"Content-Length: 5", CHUNKED) + HELLO
    yield "chunked and length", head(CHUNKED, b"Content-Length: 5") + HELLO
    yield "length 0 and chunked", head(b"Content-Length: 0", CHUNKED) + HELLO
    yield "CL.TE", head(b"Content-Length: %d" % (5 + len(SMUGGLED)), CHUNKED) + b"0\r\n\r\n" + SMUGGLED
    yield "TE.CL", head(b"Content-Length: 4", CHUNKED) + b"%x\r\n%s\r\n0\r\n\r\n" % (len(SMUGGLED), SMUGGLED)
    values = {
        "xchunked": b"xchunked", "chunked twice": b"chunked, chunked", "chunked last": b"gzip, chunked",
        "identity": b"identity", "chunked first": b"chunked, identity", "gzip": b"gzip", "empty": b"",
        "quoted": b'"chunked"', "parameter": b"chunked;a=b", "vertical tab": b"\x0bchunked", "NUL": b"chunked\x00",
        "backspace": b"chunke\x08d", "leading comma": b", chunked", "trailing comma": b"chunked,",
        "semicolon": b"chunked;", "dot": b"chunked.", "high": b"chunked\xff", "cow": b"cow", "dotless": b"\xc4\xb1",
        "space within": b"chun ked", "newline": b"\nchunked", "return": b"chunked\r", "folded": b"\r\n chunked",
    }  # fmt: skip
    for name, value in values.items():
        yield f"encoding: {name}", head(b"Transfer-Encoding: " + value) + HELLO
    yield "encodings: chunked and identity", head(CHUNKED, b"Transfer-Encoding: identity") + HELLO
    yield "encodings: identity and chunked", head(b"Transfer-Encoding: identity", CHUNKED) + HELLO
    yield "encoding twice", head(CHUNKED, CHUNKED) + HELLO
    yield "encoding with space before colon", head(b"Transfer-Encoding : chunked") + HELLO
    yield "encoding after space", head(b"X-A: b", b" Transfer-Encoding: chunked") + HELLO
    yield "encoding after NUL", head(b"\x00Transfer-Encoding: chunked") + HELLO
    yield "encoding behind a bare CR", head(b"X-A: b\rTransfer-Encoding: chunked") + HELLO
    yield "encoding behind a bare LF", head(b"X-A: b\nTransfer-Encoding: chunked") + HELLO
    yield "encoding in HTTP/1.0", head(CHUNKED, line=b"POST /a HTTP/1.0") + HELLO


def _chunks() -> Iterator[tuple[str, bytes]]:
    bodies = {
        "no size": b"\r\nhello\r\n0\r\n\r\n", "minus": b"-5\r\nhello\r\n0\r\n\r\n",
        "plus": b"+5\r\nhello\r\n0\r\n\r\n",
        "0x": b"0x5\r\nhello\r\n0\r\n\r\n", "not hex": b"g\r\nhello\r\n0\r\n\r\n",
        "space before": b" 5\r\nhello\r\n0\r\n\r\n",
        "space within": b"0 5\r\nhello\r\n0\r\n\r\n", "underscore": b"0_5\r\nhello\r\n0\r\n\r\n",
        "overflow": b"10000000000000005\r\nhello\r\n0\r\n\r\n",
        "overflow by zeros": b"fffffffffffffffff\r\nhello\r\n0\r\n\r\n",
        "negative by overflow": b"ffffffffffffffff\r\nhello\r\n0\r\n\r\n", "LF after size": b"5\nhello\r\n0\r\n\r\n",
        "CR after size": b"5\rhello\r\n0\r\n\r\n", "LF after data": b"5\r\nhello\n0\r\n\r\n",
        "CR after data": b"5\r\nhello\r0\r\n\r\n",
        "nothing after data": b"5\r\nhello0\r\n\r\n", "too short": b"4\r\nhello\r\n0\r\n\r\n",
        "two after data": b"5\r\nhelloXX0\r\n\r\n",
        "LF at the end": b"5\r\nhello\r\n0\n\n", "LF after last size": b"5\r\nhello\r\n0\n\r\n",
        "LF last": b"5\r\nhello\r\n0\r\n\n",
        "LF within extension": b"5;a\nb\r\nhello\r\n0\r\n\r\n",
        "CR within extension": b"5;a\rb\r\nhello\r\n0\r\n\r\n",
        "NUL within extension": b"5;a\x00\r\nhello\r\n0\r\n\r\n", "NUL after size": b"5\x00\r\nhello\r\n0\r\n\r\n",
        "comma": b"5,5\r\nhello\r\n0\r\n\r\n", "CRCRLF": b"5\r\r\nhello\r\n0\r\n\r\n",
        "bad trailer": b"0\r\nbad trailer\r\n\r\n", "folded trailer": b"0\r\nX-T: a\r\n b\r\n\r\n",
        "trailer with LF": b"0\r\nX-T: a\n\r\n", "trailer with NUL": b"0\r\nX-T: \x00\r\n\r\n",
        "trailer with space before colon": b"0\r\nX-T : a\r\n\r\n",
        "endless size": b"0" * 100_000 + b"5\r\nhello\r\n0\r\n\r\n",
        "endless extension": b"5;" + b"a" * 200_000 + b"\r\nhello\r\n0\r\n\r\n",
        "endless trailers": b"0\r\n" + b"X-T: a\r\n" * 50_000 + b"\r\n",
    }  # fmt: skip
    for name, body in bodies.items():
        yield f"chunk: {name}", head(CHUNKED) + body


def _line_ends() -> Iterator[tuple[str, bytes]]:
    yield "LF only", head(b"X-A: b", end=b"\n")
    yield "CR only", head(b"X-A: b", end=b"\r") + b"\r\n\r\n"
    yield "LF after the request line", GET.replace(b"\r\n", b"\n", 1)
    yield "LF at the end", GET[:-2] + b"\n"
    yield "LFCR", head(b"X-A: b", end=b"\n\r") + b"\r\n\r\n"
    yield "CRCRLF", head(b"X-A: b\r")
    yield "CR within a value", head(b"X-A: b\rc")
    yield "LF within a value", head(b"X-A: b\nX-C: d")
    yield "LFLF within a value", head(b"X-A: b\n\n" + SMUGGLED[:-4])
    yield "CR within the request line", head(line=b"GET /a\r HTTP/1.1")
    yield "folded", head(b"X-A: b\r\n c")
    yield "folded by tab", head(b"X-A: b\r\n\tc")
    yield "folded before the first field", head(host=b" X-A: b\r\nHost: program")
    yield "LF before the request", b"\n" + GET
    yield "CR before the request", b"\r" + GET


def _fields() -> Iterator[tuple[str, bytes]]:
    lines = {
        "no colon": b"X-A", "no name": b": b", "space before colon": b"X-A : b", "space in name": b"X A: b",
        "tab in name": b"X\tA: b", "NUL in name": b"X\x00A: b", "NUL in value": b"X-A: \x00",
        "DEL in value": b"X-A: \x7f",
        "bell in value": b"X-A: \x07", "escape in value": b"X-A: \x1b[0m", "high byte in name": b"X-\xc3\xbc: b",
        "slash in name": b"X/A: b", "parentheses in name": b"X(A): b", "at in name": b"@: b",
        "quote in name": b'"X": b',
        "comma in name": b"X,A: b", "semicolon in name": b"X;A: b", "brackets in name": b"[X]: b",
        "request again": b"GET /a HTTP/1.1",
    }  # fmt: skip
    for name, line in lines.items():
        yield f"field: {name}", head(line)


def _lines() -> Iterator[tuple[str, bytes]]:
    lines = {
        "HTTP/0.9": b"GET /a", "HTTP/1.2": b"GET /a HTTP/1.2", "HTTP/2.0": b"GET /a HTTP/2.0",
        "HTTP/1": b"GET /a HTTP/1",
        "HTTP/1.10": b"GET /a HTTP/1.10", "HTTP/01.1": b"GET /a HTTP/01.1", "HTTP/11": b"GET /a HTTP/11",
        "http/1.1": b"GET /a http/1.1",
        "HTTP/1,1": b"GET /a HTTP/1,1", "HTP": b"GET /a HTP/1.1", "two spaces": b"GET  /a HTTP/1.1",
        "two spaces later": b"GET /a  HTTP/1.1",
        "tab": b"GET\t/a HTTP/1.1", "space at the end": b"GET /a HTTP/1.1 ", "space before": b" GET /a HTTP/1.1",
        "space in target": b"GET /a b HTTP/1.1",
        "no target": b"GET HTTP/1.1", "no method": b" /a HTTP/1.1", "NUL in target": b"GET /a\x00 HTTP/1.1",
        "DEL in target": b"GET /a\x7f HTTP/1.1",
        "high byte in target": b"GET /\xc3\xbc HTTP/1.1", "bracket in method": b"G[T /a HTTP/1.1",
        "NUL in method": b"G\x00T /a HTTP/1.1",
        "colon in method": b"GET: /a HTTP/1.1", "form feed": b"GET\x0c/a HTTP/1.1", "no slash": b"GET a HTTP/1.1",
        "fragment": b"GET /a#b HTTP/1.1", "scheme only": b"GET http:// HTTP/1.1",
        "user in target": b"GET http://a@program/ HTTP/1.1", "CONNECT with a path": b"CONNECT /a HTTP/1.1",
        "CONNECT without port": b"CONNECT program HTTP/1.1", "authority for GET": b"GET program:80 HTTP/1.1",
    }  # fmt: skip
    for name, line in lines.items():
        yield f"line: {name}", head(line=line)
    yield "line: PRI", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\x00" + GET
    yield "a head of 200 kB", head(b"X-A: " + b"a" * 200_000)
    yield "a target of 200 kB", head(line=b"GET /" + b"a" * 200_000 + b" HTTP/1.1")
    yield "20000 fields", head(*[b"X-A: a"] * 20_000)
    yield "a method of 200 kB", head(line=b"G" * 200_000 + b" /a HTTP/1.1")


def _hosts() -> Iterator[tuple[str, bytes]]:
    yield "no host", head(host=None, line=b"GET /a HTTP/1.1")
    yield "host twice", head(HOST, line=b"GET /a HTTP/1.1")
    yield "hosts differ", head(b"Host: other", line=b"GET /a HTTP/1.1")
    yield "hosts differ in case", head(b"hOST: other", line=b"GET /a HTTP/1.1")
    yield "no host for an absolute target", head(host=None, line=b"GET http://program/a HTTP/1.1")
    for value in (
        b"a b",
        b"a/b",
        b"a@b",
        b"a?b",
        b"a#b",
        b"a,b",
        b"a:b",
        b"a:80:80",
        b"[::1",
        b"http://a",
        b"a\tb",
        b"a\\b",
        b'"a"',
    ):
        yield f"host {value.decode()}", head(host=b"Host: " + value, line=b"GET /a HTTP/1.1")
    yield "host with space before colon", head(host=b"Host : program", line=b"GET /a HTTP/1.1")
