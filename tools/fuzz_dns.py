"""What is said about names, as the fuzz targets begin with it: to a workload's name server, and by others."""

from __future__ import annotations

import struct

from fuzz_wire import short


def query(name: str, kind: int, more: bytes = b"", flags: int = 0x0100) -> bytes:
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    additional = 1 if more else 0
    return struct.pack(">6H", 7, flags, 1, 0, 0, additional) + labels + b"\0" + struct.pack(">2H", kind, 1) + more


def queries() -> dict[str, bytes]:
    edns = b"\0" + struct.pack(">2HIH", 41, 4096, 0, 0)
    web = "web.default.svc.cluster.local"
    return {
        "a": query(web, 1),
        "aaaa": query(web, 28, edns),
        "any": query(web, 255),
        "long": query("web.many.svc.cluster.local", 1),
        "none": query("no.default.svc.cluster.local", 1),
        "elsewhere": query("example.com", 1),
        "response": query(web, 1, flags=0x8180),
        "loop": query(web, 1)[:12] + b"\xc0\x0c\0\x01\0\x01",
    }


def replies() -> dict[str, bytes]:
    """To the two questions of the target `dns_reply`."""
    program, mesh = ("example.com", 1), ("instances.mesh", 33)
    pointer = b"\xc0\x0c"

    def reply(question: tuple[str, int], records: list[bytes], code: int = 0) -> bytes:
        head = struct.pack(">6H", 0, 0x8180 | code, 1, len(records), 0, 0)
        return head + query(*question)[12:] + b"".join(pointer + record for record in records)

    def record(kind: int, data: bytes, of: int = 1) -> bytes:
        return struct.pack(">2HI", kind, of, 5) + short(data)

    def instance(priority: int, label: str, of: int = 1) -> bytes:
        return record(33, struct.pack(">3H", priority, 1, 8086) + bytes([len(label)]) + label.encode() + pointer, of)

    alias = record(5, b"\x03www" + pointer)
    address = record(1, bytes([192, 0, 2, 1]))
    several = [instance(2, "10-77-0-9"), instance(1, "10-77-0-3"), instance(1, "fd00-77--3"), instance(1, "--1")]
    return {
        "address": reply(program, [alias, address]),
        "query": query(*program),
        "no-name": reply(program, [], 3),
        "instances": reply(mesh, several),
        "equal-instances": reply(mesh, [instance(1, f"10-77-0-{number}") for number in range(70)]),
        "other-class": reply(mesh, [instance(1, "10-77-0-3", of=3)]),
        "points-in-an-address": reply(mesh, [instance(1, "10.77.0.3")]),
        "no-address": reply(mesh, [instance(1, "web")]),
        "query-for-instances": query(*mesh),
        "failed": reply(mesh, [], 2),
        "loop": reply(mesh, [])[:12] + b"\xc0\x0c\0\x21\0\x01",
        "many-questions": reply(program, [])[:4] + b"\xff" * 8,
    }
