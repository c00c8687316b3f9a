"""What goes over sockets, as the fuzz targets begin with it: TLS, HTTP, the transport header."""

from __future__ import annotations

import struct

WEB = "web.default.serviceaccount.identity.hauberk.cluster.local"

# The first byte of what goes through a whole stack says how it is cut.
WHOLE, HALVED = b"\0", b"\xc0"


def short(content: bytes) -> bytes:
    return struct.pack(">H", len(content)) + content


def client_hello(name: str, *, records: int = 1) -> bytes:
    """TLS 1.3 as RFC 8446, 4.1.2 has it, in so many records."""
    server_name = short(b"\0" + short(name.encode()))
    extensions = {
        0: server_name,
        10: short(b"\x00\x1d"),
        13: short(b"\x04\x03\x08\x07"),
        16: short(b"\x02h2"),
        43: b"\x02\x03\x04",
        51: short(b"\x00\x1d" + short(bytes(range(32)))),
    }
    body = b"\x03\x03" + bytes(32) + b"\0" + short(b"\x13\x01") + b"\x01\0"
    body += short(b"".join(struct.pack(">H", kind) + short(content) for kind, content in extensions.items()))
    message = b"\x01" + len(body).to_bytes(3, "big") + body
    size = -(-len(message) // records)
    pieces = [message[at : at + size] for at in range(0, len(message), size)]
    return b"".join(b"\x16\x03\x01" + short(piece) for piece in pieces)


def header(message: bytes) -> bytes:
    return b"transport.l5d.io/v1\r\n\r\n" + struct.pack(">I", len(message)) + message


def frame(kind: int, flags: int, stream: int, content: bytes) -> bytes:
    return len(content).to_bytes(3, "big") + bytes([kind, flags]) + struct.pack(">I", stream) + content


def request(stream: int, path: str, *, ends: bool, method: int = 0x82) -> bytes:
    """HEADERS; the first three fields are of the static table (RFC 7541, appendix A)."""
    block = bytes([method, 0x86, 0x44, len(path)]) + path.encode() + b"\x41\x01a"
    return frame(1, 5 if ends else 4, stream, block)


def detection() -> dict[str, bytes]:
    return {
        "http1": b"GET /ok HTTP/1.1\r\n",
        "connect": b"CONNECT a:1 HTTP/1.0\r\n",
        "http2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "tls": b"\x16\x03\x01\x00\x05\x01",
        "redis": b"PING\r\n",
        "text": b"GET key\r\n",
    }


def hellos() -> dict[str, bytes]:
    return {
        "one-record": client_hello("a.example"),
        "records": client_hello(WEB, records=5),
        "dot": client_hello("a.example."),
        "more": client_hello("A.Example") + b"\x17\x03\x03\x00\x01\x00",
    }


def tls() -> dict[str, bytes]:
    return {
        "ours": WHOLE + client_hello(WEB),
        "ours-halved": HALVED + client_hello(WEB, records=2) + b"\x14\x03\x03\x00\x01\x01",
        "of-the-program": WHOLE + client_hello("a.example"),
        "alert": WHOLE + b"\x16\x03\x01\x00\x02\x02\x28",
    }


def headers() -> dict[str, bytes]:
    return {
        "port": header(b"\x08\x90\x1f"),
        "name": header(b"\x08\x50\x12\x03a.b"),
        "session": header(b"\x08\x90\x1f\x1a\x02\x12\x00"),
        "later-field": header(b"\x08\x90\x1f\x22\x01x\x29" + bytes(8)),
    }


def http1() -> dict[str, bytes]:
    head = "POST /ok/x HTTP/1.1\r\nhost: a\r\n"
    chunked = f"{head}transfer-encoding: chunked\r\n\r\n"
    whole = {
        "get": "GET /ok HTTP/1.1\r\nhost: a\r\n\r\n",
        "forbidden": "GET /no HTTP/1.1\r\nhost: a\r\n\r\n",
        "dots": "GET /ok/..%2Fno HTTP/1.1\r\nhost: a\r\n\r\n",
        "backward": "GET /ok/..%5cno HTTP/1.1\r\nhost: a\r\n\r\n",
        "scheme": "GET any://b/ok HTTP/1.1\r\nhost: a\r\n\r\n",
        "no-scheme": "GET a~http://b/ok HTTP/1.1\r\nhost: a\r\n\r\n",
        "lower-case": "get /ok HTTP/1.1\r\nhost: a\r\n\r\n",
        "absolute": "GET http://b/ok?q HTTP/1.1\r\nhost: a\r\n\r\n",
        "old": "GET /ok HTTP/1.0\r\n\r\nGET /ok HTTP/1.0\r\n\r\n",
        "length": f"{head}content-length: 3\r\n\r\nabcGET /ok HTTP/1.1\r\nhost: a\r\n\r\n",
        "length-padded": f"{head}content-length: {'0' * 30}3\r\n\r\nabcGET /ok HTTP/1.1\r\nhost: a\r\n\r\n",
        "chunks": f"{chunked}3\r\nabc\r\n0\r\n\r\nHEAD /ok HTTP/1.1\r\nhost: a\r\n\r\n",
        "trailers": f"{chunked}1;x=y\r\na\r\n0\r\nt: u\r\n\r\n",
        "bad-chunk": f"{chunked}3\r\nabc\r\n0:\r\n\r\nGET /ok HTTP/1.1\r\nhost: a\r\n\r\n",
        "both": f"{head}content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "expect": f"{head}expect: 100-continue\r\ncontent-length: 1\r\n\r\na",
        "upgrade": "GET /ok HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n",
        "connect": "CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\n\r\n",
        "options": "OPTIONS * HTTP/1.1\r\nhost: a\r\n\r\n",
        "close": "GET /ok HTTP/1.1\r\nhost: a\r\nConnection: close, x-a\r\nx-a: b\r\nl5d-client-id: c\r\n\r\n",
    }
    cut = {f"{name}-halved": HALVED + whole[name].encode() for name in ("get", "chunks", "length")}
    return {name: WHOLE + content.encode() for name, content in whole.items()} | cut


def http2() -> dict[str, bytes]:
    settings = frame(4, 0, 0, b"")
    post = settings + request(1, "/ok", ends=False, method=0x83)
    block = request(1, "/ok", ends=True)[9:]
    split = frame(1, 1, 1, block[:3]) + frame(9, 4, 1, block[3:])
    frames = {
        "get": settings + request(1, "/ok", ends=True),
        "forbidden": settings + request(1, "/no", ends=True) + request(3, "/ok", ends=True),
        "post": post + frame(0, 1, 1, b"abc"),
        "padded": post + frame(0, 9, 1, b"\x02abc\0\0"),
        "trailers": post + frame(0, 0, 1, b"a") + frame(1, 5, 1, b"\x40\x01t\x01u"),
        "reset": post + frame(3, 0, 1, bytes(4)) + request(3, "/ok", ends=True),
        "continued": settings + split,
        "settings": frame(4, 0, 0, struct.pack(">HIHI", 4, 0, 5, 16384)) + frame(4, 1, 0, b""),
        "ping": settings + frame(6, 0, 0, bytes(8)) + frame(6, 1, 0, bytes(8)),
        "window": post + frame(8, 0, 1, struct.pack(">I", 1)) + frame(8, 0, 0, struct.pack(">I", 0x7FFFFFFF)),
        "priority": settings + frame(2, 0, 1, bytes(4) + b"\x10"),
        "goaway": settings + frame(7, 0, 0, bytes(8)),
        "connect": settings + frame(1, 4, 1, b"\x42\x07CONNECT\x41\x01a"),
        "table": settings + frame(1, 5, 1, b"\x3f\xe1\x1f\x82\x86\x44\x03/ok\x41\x01a\x40\x01x\x01y\xbe"),
    }
    return {name: WHOLE + content for name, content in frames.items()} | {"halved": HALVED + frames["post"]}
