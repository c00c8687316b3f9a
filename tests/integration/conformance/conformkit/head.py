"""The pieces that raw requests are made of."""

LINE = b"POST /a HTTP/1.1"
HOST = b"Host: program"
CHUNKED = b"Transfer-Encoding: chunked"
HELLO = b"5\r\nhello\r\n0\r\n\r\n"
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: program\r\n\r\n"
GET = b"GET /b HTTP/1.1\r\nHost: program\r\n\r\n"


def head(*fields: bytes, line: bytes = LINE, host: bytes | None = HOST, end: bytes = b"\r\n") -> bytes:
    lines = [line, *([host] if host is not None else []), *fields, b"", b""]
    return end.join(lines)
