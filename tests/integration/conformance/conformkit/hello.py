"""ClientHellos of TLS by hand (RFC 8446, 4.1.2): what a server accepts is asked one value at a time.

The key shares are empty, so that a server that accepts answers with a HelloRetryRequest, which names its choice, and no
key has to be made.
"""

import os
import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

TLS13 = 0x0304
SUITES = {
    0x1301: "AES128-GCM",
    0x1302: "AES256-GCM",
    0x1303: "CHACHA20-POLY1305",
    0x1304: "AES128-CCM",
    0x1305: "AES128-CCM-8",
}
GROUPS = {
    0x0017: "P-256", 0x0018: "P-384", 0x0019: "P-521", 0x001D: "X25519", 0x001E: "X448",
    0x0100: "ffdhe2048", 0x0101: "ffdhe3072", 0x0102: "ffdhe4096", 0x0200: "MLKEM512", 0x0201: "MLKEM768",
    0x0202: "MLKEM1024",
    0x11EB: "SECP256R1MLKEM768", 0x11EC: "X25519MLKEM768", 0x11ED: "SECP384R1MLKEM1024", 0x6399: "X25519KYBER768",
}  # fmt: skip
_SIGNATURES = (0x0403, 0x0503, 0x0804, 0x0805, 0x0806, 0x0807, 0x0401)
_RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
_HANDSHAKE, _ALERT = 22, 21
_SERVER_HELLO = 2


@dataclass(frozen=True)
class Hello:
    name: str
    versions: Sequence[int] = (TLS13,)
    suites: Sequence[int] = tuple(SUITES)
    groups: Sequence[int] = (0x001D,)
    alpn: Sequence[bytes] = ()
    more: bytes = field(default=b"", repr=False)
    """More extensions, encoded."""
    legacy: int = 0x0303

    def message(self) -> bytes:
        """The handshake message, without record."""
        extensions = b"".join(
            [
                extension(0, _vector(2, b"\x00" + _vector(2, self.name.encode()))),
                extension(10, _vector(2, _shorts(self.groups))),
                extension(13, _vector(2, _shorts(_SIGNATURES))),
                extension(16, _vector(2, b"".join(_vector(1, name) for name in self.alpn))) if self.alpn else b"",
                extension(43, _vector(1, _shorts(self.versions))) if TLS13 in self.versions else b"",
                extension(51, _vector(2, b"")),
                self.more,
            ]
        )
        body = (
            struct.pack("!H", self.legacy)
            + os.urandom(32)
            + _vector(1, os.urandom(32))
            + _vector(2, _shorts(self.suites))
        )
        body += _vector(1, b"\x00") + _vector(2, extensions)
        return b"\x01" + len(body).to_bytes(3, "big") + body

    def records(self, size: int = 16_384) -> bytes:
        message = self.message()
        pieces = (message[at : at + size] for at in range(0, len(message), size))
        return b"".join(struct.pack("!BHH", _HANDSHAKE, 0x0301, len(piece)) + piece for piece in pieces)


@dataclass(frozen=True)
class Reply:
    alert: int | None = None
    group: int | None = None
    suite: int | None = None
    closed: bool = False
    """Without a word of TLS."""


def extension(kind: int, data: bytes) -> bytes:
    return struct.pack("!H", kind) + _vector(2, data)


def ask(sock: socket.socket, hello: Hello) -> Reply:
    """What is answered to it. The connection is closed."""
    with sock, sock.makefile("rb") as stream:
        try:
            sock.sendall(hello.records())
            while True:
                head = stream.read(5)
                if len(head) < 5:
                    return Reply(closed=True)
                kind, _, length = struct.unpack("!BHH", head)
                data = stream.read(length)
                if kind == _ALERT:
                    return Reply(alert=data[1])
                if kind == _HANDSHAKE and data[0] == _SERVER_HELLO:
                    return _choice(data)
        except ConnectionError:
            return Reply(closed=True)


def _choice(message: bytes) -> Reply:
    assert message[6:38] == _RETRY, "keys were never sent, and are accepted"
    at = 39 + message[38]
    (suite,) = struct.unpack("!H", message[at : at + 2])
    at += 5
    group = None
    while at < len(message):
        kind, length = struct.unpack("!HH", message[at : at + 4])
        if kind == 51:
            (group,) = struct.unpack("!H", message[at + 4 : at + 6])
        at += 4 + length
    return Reply(group=group, suite=suite)


def _shorts(values: Sequence[int]) -> bytes:
    return b"".join(struct.pack("!H", value) for value in values)


def _vector(size: int, data: bytes) -> bytes:
    return len(data).to_bytes(size, "big") + data
