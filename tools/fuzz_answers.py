"""What servers say, as the fuzz targets begin with it. The first byte of each says what happens around it."""

from __future__ import annotations

import struct

from fuzz_wire import HALVED, WHOLE, frame

# As `plan.rs` counts them; the ways in turn, since a mutation of one byte leads to any other.
WAYS_HTTP1, WAYS_HTTP2 = 3, 4
GET, HEAD, POST, SLOW, UPGRADE, CONNECT, OLD, EXPECT = range(8)
GRPC = 3
CARRIED = 3
STAY, CLOSE, ABORT = range(3)


def plan1(way: int, ask: int, end: int) -> bytes:
    return bytes([way + WAYS_HTTP1 * (ask + 8 * end)])


def plan2(way: int, ask: int, end: int) -> bytes:
    return bytes([way + WAYS_HTTP2 * (ask + 4 * end)])


def http1_response() -> dict[str, bytes]:
    ok = "HTTP/1.1 200 OK\r\n"
    whole = f"{ok}content-length: 2\r\n\r\nok"
    chunked = f"{ok}transfer-encoding: chunked\r\n\r\n"
    answers = {
        "length": (GET, STAY, whole),
        "length-closed": (POST, CLOSE, whole),
        "chunks": (GET, STAY, f"{chunked}2\r\nok\r\n1;x=y\r\n!\r\n0\r\n\r\n"),
        "trailers": (POST, STAY, f"{chunked}2\r\nok\r\n0\r\nt: u\r\nhost: a\r\n\r\n"),
        "bad-chunk": (GET, STAY, f"{chunked}3\r\nabc\r\n0:\r\n\r\n{whole}"),
        "until-close": (GET, CLOSE, f"{ok}x-a: b\r\n\r\nuntil it closes"),
        "until-abort": (GET, ABORT, f"{ok}\r\nuntil it breaks off"),
        "until-close-old": (OLD, CLOSE, f"{ok}\r\nuntil it closes"),
        "chunks-for-old": (OLD, STAY, f"{chunked}2\r\nok\r\n0\r\n\r\n"),
        "half-a-length": (GET, CLOSE, f"{ok}content-length: 10\r\n\r\nok"),
        "half-a-chunk": (GET, ABORT, f"{chunked}a\r\nok"),
        "hints": (GET, STAY, f"HTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\n{whole}"),
        "many-hints": (GET, STAY, "HTTP/1.1 102 \r\n\r\n" * 12 + whole),
        "continue": (EXPECT, STAY, f"HTTP/1.1 100 Continue\r\n\r\n{whole}"),
        "no-continue": (EXPECT, STAY, f"HTTP/1.1 417 \r\ncontent-length: 0\r\n\r\n{whole}"),
        "early": (SLOW, STAY, whole),
        "early-close": (SLOW, CLOSE, f"{ok}connection: close\r\n\r\nenough"),
        "head": (HEAD, STAY, f"{ok}content-length: 1000\r\n\r\n"),
        "head-chunked": (HEAD, STAY, f"{ok}transfer-encoding: chunked\r\n\r\n"),
        "no-content": (GET, STAY, "HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\n"),
        "not-modified": (GET, STAY, "HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n"),
        "switched": (UPGRADE, CLOSE, "HTTP/1.1 101 \r\nconnection: upgrade\r\nupgrade: x\r\n\r\nanything"),
        "not-switched": (UPGRADE, STAY, whole),
        "switched-abort": (UPGRADE, ABORT, "HTTP/1.1 101 \r\n\r\nanything"),
        "unasked": (GET, STAY, "HTTP/1.1 101 \r\nupgrade: h2c\r\n\r\n"),
        "connected": (CONNECT, STAY, f"{ok}content-length: 2\r\n\r\nanything"),
        "not-connected": (CONNECT, STAY, "HTTP/1.1 405 \r\ncontent-length: 0\r\n\r\n"),
        "two": (GET, STAY, whole + whole),
        "both": (GET, STAY, f"{ok}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"),
        "same-lengths": (GET, STAY, f"{ok}content-length: 2, 2\r\ncontent-length: 2\r\n\r\nok"),
        "lengths": (GET, STAY, f"{ok}content-length: 2\r\ncontent-length: 3\r\n\r\nok"),
        "line-feeds": (GET, STAY, "HTTP/1.1 200\ncontent-length: 2\n\nok"),
        "folded": (GET, STAY, f"{ok}x-a: b\r\n c\r\ncontent-length: 2\r\n\r\nok"),
        "old": (GET, STAY, "HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\nok"),
        "old-chunked": (GET, CLOSE, f"{chunked.replace('1.1', '1.0')}0\r\n\r\n"),
        "hop": (GET, STAY, f"{ok}connection: close, x-a\r\nx-a: b\r\nkeep-alive: 1\r\nl5d-proxy-error: a\r\n\r\n"),
        "hop-no-text": (GET, STAY, f"{ok}connection: \xe5, x-a\r\nx-a: b\r\ncontent-length: 0\r\n\r\n"),
        "hint-length": (GET, STAY, f"HTTP/1.1 103 \r\ncontent-length: 2\r\n\r\n{chunked}5\r\nwhole\r\n0\r\n\r\n"),
        "nothing": (GET, CLOSE, ""),
        "no-head": (HEAD, STAY, "HTTP/1.1`200 OK\r\n\r\n"),
        "no-http": (POST, STAY, "220 smtp\r\n"),
    }
    seeds = {
        name: plan1(at % WAYS_HTTP1, ask, end) + WHOLE + content.encode("latin-1")
        for at, (name, (ask, end, content)) in enumerate(answers.items())
    }
    lengths = {"head-padded": "0" * 40 + "1281023894007660663", "length-beyond": str(2**63)}
    for name, length in lengths.items():
        seeds[name] = plan1(2, HEAD, STAY) + WHOLE + f"{ok}content-length: {length}\r\n\r\n".encode()
    halved = ("length", "trailers", "two", "hints", "switched", "early")
    return seeds | {f"{name}-halved": seeds[name][:1] + HALVED + seeds[name][2:] for name in halved}


def headers(stream: int, *, ends: bool = False, block: bytes = b"\x88") -> bytes:
    """HEADERS whose block is `:status: 200` of the static table (RFC 7541, appendix A), or another one."""
    return frame(1, 5 if ends else 4, stream, block)


def http2_response() -> dict[str, bytes]:
    """The first request has stream 1, the second stream 3."""
    settings = frame(4, 0, 0, b"") + frame(4, 1, 0, b"")
    a, b = headers(1) + frame(0, 1, 1, b"of a"), headers(3) + frame(0, 1, 3, b"of b")
    length = b"\x88\x5c\x014"  # content-length: 4
    trailers = frame(1, 5, 1, b"\x40\x01t\x01u")
    grpc = headers(1, block=b"\x88\x5f\x10application/grpc") + frame(0, 0, 1, b"\0\0\0\0\x01x")
    refused, cancelled = struct.pack(">I", 7), struct.pack(">I", 8)
    window = struct.pack(">HI", 4, 65536)
    answers = {
        "two": (GET, STAY, a + b),
        "mixed": (
            GET,
            STAY,
            headers(3) + headers(1) + frame(0, 0, 1, b"o") + frame(0, 1, 3, b"b") + frame(0, 1, 1, b"f"),
        ),
        "empty": (GET, STAY, headers(1, ends=True) + headers(3, ends=True, block=b"\x89")),
        "head": (HEAD, STAY, headers(1, ends=True, block=length) + headers(3, ends=True)),
        "post": (POST, STAY, a + b),
        "grpc": (GRPC, STAY, grpc + frame(1, 5, 1, b"\x40\x0bgrpc-status\x010") + b),
        "trailers": (GET, CLOSE, headers(1) + frame(0, 0, 1, b"a") + trailers + b),
        "length": (GET, STAY, headers(1, block=length) + frame(0, 1, 1, b"of a") + b),
        "too-long": (GET, STAY, headers(1, block=length) + frame(0, 1, 1, b"longer") + b),
        "too-short": (GET, STAY, headers(1, block=length) + frame(0, 1, 1, b"a") + b),
        "padded": (GET, STAY, headers(1) + frame(0, 9, 1, b"\x02of a\0\0") + b),
        "hints": (GET, STAY, headers(1, block=b"\x48\x03103") + a + b),
        "switched": (GET, STAY, headers(1, block=b"\x48\x03101") + b),
        "reset": (GET, STAY, headers(1) + frame(0, 0, 1, b"of") + frame(3, 0, 1, cancelled) + b),
        "refused": (POST, STAY, frame(3, 0, 1, refused) + b),
        "goaway": (POST, STAY, frame(7, 0, 0, struct.pack(">II", 1, 0)) + a),
        "goaway-all": (GET, CLOSE, frame(7, 0, 0, bytes(8))),
        "half": (GET, CLOSE, headers(1) + frame(0, 0, 1, b"of") + b),
        "abort": (GET, ABORT, headers(1) + frame(0, 0, 1, b"of") + b),
        "continued": (
            GET,
            STAY,
            frame(1, 0, 1, b"\x88") + frame(9, 4, 1, b"\x40\x01t\x01u") + frame(0, 1, 1, b"a") + b,
        ),
        "ping": (GET, STAY, frame(6, 0, 0, bytes(8)) + a + frame(8, 0, 0, struct.pack(">I", 1)) + b),
        "push": (GET, STAY, frame(5, 4, 1, struct.pack(">I", 2) + b"\x82\x86\x84\x41\x01a") + a + b),
        "coding": (
            GET,
            STAY,
            headers(1, block=b"\x88\x40\x11transfer-encoding\x07chunked") + frame(0, 1, 1, b"0\r\n\r\n") + b,
        ),
        "line-end": (GET, STAY, headers(1, block=b"\x88\x40\x01t\x04a\r\nb") + frame(0, 1, 1, b"a") + b),
        "hop": (
            GET,
            STAY,
            headers(1, block=b"\x88\x40\x0al5d-a-b-c-\x01a\x40\x01t\x01u") + frame(0, 1, 1, b"a") + b,
        ),
        "upgrade": (GET, STAY, headers(1, block=b"\x88\x40\x07upgrade\x01x") + frame(0, 1, 1, b"a") + b),
        "no-content": (GET, STAY, headers(1, block=b"\x89\x5c\x014") + frame(0, 1, 1, b"of a") + b),
        "settings": (GET, STAY, frame(4, 0, 0, window) + a + b),
    }
    seeds = {
        name: plan2(at % WAYS_HTTP2, ask, end) + WHOLE + settings + content
        for at, (name, (ask, end, content)) in enumerate(answers.items())
    }
    seeds["nothing"] = plan2(0, GET, CLOSE) + WHOLE
    for name, ask in (("failed-get", GET), ("failed-head", HEAD)):
        seeds[name] = plan2(CARRIED, ask, STAY) + WHOLE + settings + headers(1) + frame(0, 0, 0, b"of no stream")
    halved = ("two", "post", "reset", "refused", "goaway", "trailers")
    return seeds | {f"{name}-halved": seeds[name][:1] + HALVED + seeds[name][2:] for name in halved}
