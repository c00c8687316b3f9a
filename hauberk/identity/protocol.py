"""What the control plane and its authority say to each other: JSON, each after its length (4 bytes, big-endian).

The control plane asks, the authority answers in order. A peer that breaks the rules is cut off.
"""

import asyncio
from datetime import datetime
from typing import Any

import msgspec

MAX_BYTES = 256 * 1024
"""Of one document. Bundles of roots are the largest."""

_LENGTH_BYTES = 4


class Sign(msgspec.Struct, frozen=True, tag="sign"):
    """Make a certificate with these two names for the key of the request (PKCS#10, DER)."""

    identity: str
    spiffe: str
    csr: bytes


class Describe(msgspec.Struct, frozen=True, tag="describe"):
    """Which roots are to be trusted, and how long the issuer lasts."""


class Signed(msgspec.Struct, frozen=True, tag="signed"):
    """DER; of the intermediates the leaf's issuer comes first."""

    leaf: bytes
    intermediates: tuple[bytes, ...]
    valid_until: datetime


class Described(msgspec.Struct, frozen=True, tag="described"):
    trust_anchors: str
    """PEM."""
    issuer_since: datetime
    issuer_until: datetime


class Declined(msgspec.Struct, frozen=True, tag="declined"):
    """The request makes no sense and never will."""

    reason: str


class Unable(msgspec.Struct, frozen=True, tag="unable"):
    """The authority cannot do it now."""

    reason: str


Question = Sign | Describe
Answer = Signed | Described | Declined | Unable


class Garbled(Exception):
    """What came is not a document of this protocol."""


def framed(document: Question | Answer) -> bytes:
    body = msgspec.json.encode(document)
    if len(body) > MAX_BYTES:
        raise Garbled(f"a document of {len(body)} bytes: at most {MAX_BYTES} are sent")
    return len(body).to_bytes(_LENGTH_BYTES, "big") + body


async def read_question(reader: asyncio.StreamReader) -> Question | None:
    """Return the next question; None at the end. Raises Garbled."""
    body = await _body(reader)
    return None if body is None else _decoded(body, Question)


async def read_answer(reader: asyncio.StreamReader) -> Answer | None:
    """Return the next answer; None at the end. Raises Garbled."""
    body = await _body(reader)
    return None if body is None else _decoded(body, Answer)


async def _body(reader: asyncio.StreamReader) -> bytes | None:
    try:
        length = int.from_bytes(await reader.readexactly(_LENGTH_BYTES), "big")
        if length > MAX_BYTES:
            raise Garbled(f"a document of {length} bytes: at most {MAX_BYTES} are taken")
        return await reader.readexactly(length)
    except asyncio.IncompleteReadError as end:
        if end.partial:
            raise Garbled("the connection ended within a document") from None
        return None


def _decoded(body: bytes, of: object) -> Any:  # noqa: ANN401 - of that type
    try:
        return msgspec.json.decode(body, type=of)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Garbled(f"not a document of this protocol: {error}") from None
