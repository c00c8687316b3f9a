"""Damaged requests: the same ones for the same seed."""

import random
from collections.abc import Callable, Iterator

from conformkit.corpus import Case, cases

PIECES = (
    b"\r", b"\n", b"\r\n", b"\r\n\r\n", b"\x00", b" ", b"\t", b":", b";", b",", b"0", b"5", b"f", b"-", b"+",
    b"\x0b", b"\x7f", b"\x80", b"\xff",
    b"chunked", b"Content-Length: 3\r\n", b"Transfer-Encoding: chunked\r\n", b"Host: other\r\n", b"0\r\n\r\n",
    b"Connection: close\r\n", b"GET /smuggled HTTP/1.1\r\nHost: program\r\n\r\n", b"HTTP/1.1", b"HTTP/1.0",
    b"Expect: 100-continue\r\n",
)  # fmt: skip
_DAMAGES_MAX = 3
_RAW_MAX = 4_000

Damage = Callable[[random.Random, bytes], bytes]


def mutants(seed: int, count: int) -> Iterator[Case]:
    chance = random.Random(seed)  # noqa: S311 - not a secret
    bases = [case.raw for case in cases() if len(case.raw) < _RAW_MAX]
    for number in range(count):
        raw = chance.choice(bases)
        for _ in range(chance.randint(1, _DAMAGES_MAX)):
            raw = chance.choice(DAMAGES)(chance, raw)
        yield Case(f"mutant {number}", raw, passes=None, refused=None)


def _insert(chance: random.Random, raw: bytes) -> bytes:
    at = chance.randint(0, len(raw))
    return raw[:at] + chance.choice(PIECES) + raw[at:]


def _overwrite(chance: random.Random, raw: bytes) -> bytes:
    at, piece = chance.randint(0, len(raw)), chance.choice(PIECES)
    return raw[:at] + piece + raw[at + len(piece) :]


def _remove(chance: random.Random, raw: bytes) -> bytes:
    at = chance.randint(0, len(raw))
    return raw[:at] + raw[at + chance.randint(1, 4) :]


def _lines(chance: random.Random, raw: bytes) -> bytes:
    """One line twice, gone, or in another place."""
    lines = raw.split(b"\r\n")
    line = lines[chance.randrange(len(lines))]
    if chance.random() < 0.5:
        lines.remove(line)
    lines.insert(chance.randint(0, len(lines)), line)
    return b"\r\n".join(lines)


def _case(chance: random.Random, raw: bytes) -> bytes:
    at = chance.randint(0, len(raw))
    return raw[:at] + raw[at : at + 12].swapcase() + raw[at + 12 :]


def _line_end(chance: random.Random, raw: bytes) -> bytes:
    """One CRLF is something else."""
    parts = raw.split(b"\r\n")
    if len(parts) < 2:
        return raw
    at = chance.randrange(1, len(parts))
    end = chance.choice((b"\n", b"\r", b"\r\r\n", b"\n\r", b"\r\n ", b"\r\n\t", b" \r\n"))
    return b"\r\n".join(parts[:at]) + end + b"\r\n".join(parts[at:])


def _digit(chance: random.Random, raw: bytes) -> bytes:
    """One digit is another."""
    places = [at for at, byte in enumerate(raw) if 48 <= byte < 58]
    if not places:
        return raw
    at = chance.choice(places)
    return raw[:at] + b"%d" % chance.randrange(10) + raw[at + 1 :]


DAMAGES: tuple[Damage, ...] = (_insert, _overwrite, _remove, _lines, _case, _line_end, _digit)
