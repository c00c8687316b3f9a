"""Seeds of the target `tls_records`: games between a TLS peer and a stream (proxy/fuzz/src/records/moves.rs)."""

from __future__ import annotations

import struct

DATA, HANDSHAKE, ALERT = b"\x17", b"\x16", b"\x15"
UPDATE = b"\x18\0\0\x01\0"


def setup(*, client: bool = False, tickets: bool = False, early: int = 0, suite: int = 0, width: int = 0) -> bytes:
    return bytes([client | tickets << 1 | early << 2 | suite << 4, width])


def _number(kind: int, number: int) -> bytes:
    return struct.pack(">BH", kind, number)


def _bytes(kind: int, content: bytes) -> bytes:
    return bytes([kind, len(content)]) + content


def data(length: int) -> bytes:
    return bytes([0, length]) if length < 256 else _number(1, length)


def padded(length: int, padding: int) -> bytes:
    return struct.pack(">BBH", 2, length, padding)


def inner(content: bytes) -> bytes:
    return _bytes(3, content)


def message(content: bytes) -> bytes:
    return _bytes(4, content)


def update(*, asks: bool = False) -> bytes:
    return bytes([5, asks])


def tickets(count: int) -> bytes:
    return bytes([6, count])


def alert(description: int, level: int = 1) -> bytes:
    return bytes([7, level, description])


def bare(content: bytes) -> bytes:
    return _bytes(8, content)


def flipped(bit: int) -> bytes:
    return _number(9, bit)


def arrive(length: int) -> bytes:
    return _number(11, length)


def read(room: int = 5000) -> bytes:
    return _number(12, room)


def put_back(length: int) -> bytes:
    return bytes([13, length])


def write(length: int) -> bytes:
    """An even number."""
    return _number(14, length // 2)


def room(length: int) -> bytes:
    return _number(15, length)


SILENTLY, FLUSH, SHUTDOWN, CUT = b"\x0a", b"\x10\0", b"\x10\x01", b"\x11"
END = alert(0)


def records() -> dict[str, bytes]:
    server, client = setup(), setup(client=True)
    games = {
        "data": [server, data(5), read(), write(10), data(16_384), read(100), read(), write(60_000), END, read()],
        "as-a-client": [client, write(100), data(50), tickets(2), data(7), read(), SHUTDOWN, END, read()],
        "thin": [setup(width=3, suite=1), data(200), read(), data(2000), read(3), read()],
        "a-byte-at-a-time": [setup(width=1, suite=2), data(40), update(asks=True), data(1), read(), write(4)],
        "early": [setup(early=3), data(9), update(), data(8), read()],
        "tickets-of-ours": [setup(tickets=True), write(2), write(2), data(2), read(), SHUTDOWN],
        "updates": [server, update(), data(3), update(asks=True), data(4), read(), write(6), write(6), read()],
        "worn": [client, *[write(2)] * 20, FLUSH],
        "worn-and-asked": [server, *[write(2)] * 6, update(asks=True), read(), *[write(2)] * 12, FLUSH],
        "update-by-hand": [server, message(UPDATE[:2]), message(UPDATE[2:]), SILENTLY, data(5), read()],
        "update-not-followed": [server, message(UPDATE), data(5), read(), write(4)],
        "update-unsaid": [server, data(1), SILENTLY, data(5), read(), write(4)],
        "many-updates": [server, *[update()] * 33, data(5), read()],
        "updates-and-nothing": [server, *[update(), data(0)] * 17, read()],
        "many-tickets": [client, tickets(32), data(1), tickets(33), data(1), read()],
        "ticket-in-pieces": [client, message(b"\x04\0\0"), read(), message(b"\x0e" + bytes(8)), read(), data(1)],
        "nothing": [server, *[data(0)] * 33, read()],
        "padding": [server, padded(9, 3000), padded(0, 9), data(0), read(), padded(3, 16_382), read()],
        "padding-only": [server, data(2), inner(bytes(9)), data(2), read()],
        "too-long": [server, data(2), data(16_385), read(), write(4)],
        "types": [server, inner(b"a\x14"), read()],
        "unknown-type": [server, inner(b"a" + DATA), inner(b"a\x63"), read()],
        "renegotiation": [server, message(b"\x01\0\0\x01\0"), read()],
        "certificate-request": [client, message(b"\x0d\0\0\x03\0\0\0"), read()],
        "alerts": [client, alert(90), alert(90), data(3), read(), alert(40, 2), read(), write(2)],
        "strange-alert": [server, inner(b"\x01" + ALERT), read()],
        "no-message": [server, inner(HANDSHAKE), read()],
        "after-the-end": [server, data(3), END, data(4), read(), read(), write(9), SHUTDOWN],
        "interleaved": [client, message(UPDATE[:3]), data(3), read()],
        "plain": [server, data(3), bare(b"GET / HTTP/1.1\r\n\r\n"), data(3), read(), SHUTDOWN],
        "change-cipher-spec": [client, bare(b"\x14\x03\x03\0\x01\x01"), read()],
        "half-a-header": [server, data(3), bare(DATA + b"\x03\x03"), read(), CUT, read()],
        "flipped": [server, data(3), flipped(77), data(3), read(), write(2), FLUSH],
        "ignored-version": [server, flipped(17), read()],
        "cut": [server, data(3), CUT, read(), read(), write(4)],
        "cut-in-a-record": [server, data(300), arrive(100), read(), write(4), CUT, read()],
        "pieces": [server, data(300), arrive(1), read(9), arrive(5), read(9), data(4), arrive(4), read(), put_back(4)],
        "put-back": [server, data(30), data(40), read(10), put_back(10), read(3), put_back(2), read(60), put_back(70)],
        "slow-peer": [server, room(0), write(90), write(60_000), room(700), write(4), FLUSH, room(50_000), FLUSH],
        "slow-peer-that-errs": [server, room(10), write(90), inner(bytes(2)), read(), room(900), FLUSH, SHUTDOWN],
        "end-to-a-slow-peer": [client, room(30), write(90), SHUTDOWN, write(2), room(500), SHUTDOWN, data(3), read()],
        "no-room-to-read": [server, data(5), read(0), read(1), read(0), read(9)],
    }
    return {name: b"".join(moves) for name, moves in games.items()}


WORDS = [
    *("\x04\x05\x18\x00\x00\x01\x00", "\x04\x05\x18\x00\x00\x01\x01", "\x05\x00", "\x05\x01", "\x0a", "\x06\x02"),
    *(
        "\x04\x12\x04\x00\x00\x0e\x00\x00\x0e\x10\x01\x02\x03\x04\x00\x00\x01\x07\x00\x00",
        "\x07\x01\x00",
        "\x07\x01\x5a",
    ),
    *("\x07\x02\x28", "\x00\x00", "\x01\x40\x00", "\x01\x40\x01", "\x02\x03\x3f\xfd", "\x08\x05\x17\x03\x03\x00\x11"),
    *("\x08\x06\x14\x03\x03\x00\x01\x01", "\x0c\x13\x88", "\x0c\x00\x01", "\x0d\x05", "\x0e\x75\x30", "\x0e\x00\x01"),
    *("\x0f\x00\x00", "\x0f\xff\xff", "\x10\x00", "\x10\x01", "\x11", "\x0b\x00\x05", "\x03\x03\x00\x00\x00"),
]
