"""A name server with fixed answers, as CoreDNS gives them for Services (RFC 1035, RFC 2782)."""

import ipaddress
import socket
import struct
import threading
from collections.abc import Mapping, Sequence
from typing import Self

from meshkit import namespace
from meshkit.bare import HUB, Host

A, AAAA, SRV = 1, 28, 33
_NO_ERROR, _NO_NAME = 0, 3
_SECONDS = 5


class NameServer:
    """Listens at the hub's address. `asked` are the names and types that were asked for, in order."""

    def __init__(
        self, hub: Host, names: Mapping[str, Sequence[str]], services: Mapping[str, Sequence[tuple[str, int]]]
    ) -> None:
        self.asked: list[tuple[str, int]] = []
        self._hub, self._names, self._services = hub, names, services

    def __enter__(self) -> Self:
        with namespace.visiting(self._hub.pid):
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._socket.bind((HUB, 53))
        self._thread = threading.Thread(target=self._serve, name="name server")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with namespace.visiting(self._hub.pid), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", (HUB, 53))
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            question, client = self._socket.recvfrom(512)
            if not question:
                return
            self._socket.sendto(self._answer(question), client)

    def _answer(self, question: bytes) -> bytes:
        name, end = _name(question, 12)
        (kind,) = struct.unpack_from(">H", question, end)
        self.asked.append((name, kind))
        records = [_record(kind, data) for data in self._data(name, kind)]
        is_known = name in self._names or name in self._services
        head = question[:2] + struct.pack(
            ">HHHHH", 0x8580 | (_NO_ERROR if is_known else _NO_NAME), 1, len(records), 0, 0
        )
        return head + question[12 : end + 4] + b"".join(records)

    def _data(self, name: str, kind: int) -> list[bytes]:
        if kind == SRV:
            return [struct.pack(">HHH", 0, 100, port) + _written(to) for to, port in self._services.get(name, ())]
        addresses = [ipaddress.ip_address(address) for address in self._names.get(name, ())]
        return [address.packed for address in addresses if address.version == (4 if kind == A else 6)]


def _record(kind: int, data: bytes) -> bytes:
    """About the name of the question, which stands at its beginning."""
    return struct.pack(">HHHIH", 0xC00C, kind, 1, _SECONDS, len(data)) + data


def _name(message: bytes, at: int) -> tuple[str, int]:
    labels = []
    while length := message[at]:
        labels.append(message[at + 1 : at + 1 + length].decode().lower())
        at += 1 + length
    return ".".join(labels) + ".", at + 1


def _written(name: str) -> bytes:
    labels = name.rstrip(".").split(".")
    return b"".join(bytes([len(label)]) + label.encode() for label in labels) + b"\0"
