"""A resolver that shows what a name server really answers (RFC 1035)."""

import secrets
import socket
import struct
from dataclasses import dataclass

from meshkit import namespace
from meshkit.workload import Workload

A, AAAA = 1, 28
NOERROR, NXDOMAIN = 0, 3
_IN = 1
_RECURSION_DESIRED = 0x0100


@dataclass(frozen=True)
class Reply:
    code: int
    addresses: tuple[str, ...]


def by_udp(workload: Workload, name: str, kind: int, server: str = "127.0.0.1") -> Reply:
    """What the server answers a program of the workload."""
    with namespace.visiting(workload.program()), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(10)
        return _ask_udp(sock, (server, 53), name, kind)


def by_tcp(workload: Workload, name: str, kind: int) -> Reply:
    with workload.connect(("127.0.0.1", 53)) as sock:
        return _ask_tcp(sock, name, kind)


def _ask_udp(sock: socket.socket, server: tuple[str, int], name: str, kind: int) -> Reply:
    number, question = _question(name, kind)
    sock.sendto(question, server)
    return _read(sock.recv(4096), number)


def _ask_tcp(sock: socket.socket, name: str, kind: int) -> Reply:
    number, question = _question(name, kind)
    sock.sendall(struct.pack("!H", len(question)) + question)
    with sock.makefile("rb") as stream:
        (length,) = struct.unpack("!H", stream.read(2))
        return _read(stream.read(length), number)


def _question(name: str, kind: int) -> tuple[int, bytes]:
    number = secrets.randbelow(0x10000)
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.rstrip(".").split("."))
    return number, struct.pack("!6H", number, _RECURSION_DESIRED, 1, 0, 0, 0) + labels + struct.pack(
        "!BHH", 0, kind, _IN
    )


def _read(message: bytes, number: int) -> Reply:
    got, flags, questions, answers = struct.unpack("!4H", message[:8])
    assert got == number, "an answer to another question"
    at = 12
    for _ in range(questions):
        at = _after_name(message, at) + 4
    addresses = []
    for _ in range(answers):
        at = _after_name(message, at)
        kind, _, _, length = struct.unpack("!HHIH", message[at : at + 10])
        data = message[at + 10 : at + 10 + length]
        at += 10 + length
        if kind in (A, AAAA):
            addresses.append(socket.inet_ntop(socket.AF_INET if kind == A else socket.AF_INET6, data))
    return Reply(flags & 0xF, tuple(addresses))


def _after_name(message: bytes, at: int) -> int:
    while message[at]:
        if message[at] >= 0xC0:  # a pointer ends the name
            return at + 2
        at += message[at] + 1
    return at + 1
