"""The authority as the control plane sees it: asked over its socket, one connection for each question."""

import asyncio
from pathlib import Path

from hauberk.identity.issue import Order
from hauberk.identity.protocol import (
    Answer,
    Declined,
    Describe,
    Described,
    Garbled,
    Question,
    Sign,
    Signed,
    Unable,
    framed,
    read_answer,
)

TIMEOUT_S = 5.0


class AuthorityUnavailable(Exception):
    """The authority does not sign now and may later."""


class AuthorityDeclined(Exception):
    """The authority finds the request wrong."""


class Signer:
    """Speaks to the authority's socket."""

    def __init__(self, socket: Path, *, timeout_s: float = TIMEOUT_S) -> None:
        self._socket = socket
        self._timeout_s = timeout_s

    async def sign(self, order: Order) -> Signed:
        """Return the certificate. Raises AuthorityUnavailable and AuthorityDeclined."""
        answer = await self._ask(Sign(order.identity, order.spiffe, order.csr))
        if isinstance(answer, Signed):
            return answer
        raise _unexpected(answer)

    async def describe(self) -> Described:
        """Return the roots. Raises AuthorityUnavailable."""
        answer = await self._ask(Describe())
        if isinstance(answer, Described):
            return answer
        raise _unexpected(answer)

    async def _ask(self, question: Question) -> Answer | None:
        try:
            async with asyncio.timeout(self._timeout_s):
                reader, writer = await asyncio.open_unix_connection(self._socket)
                try:
                    writer.write(framed(question))
                    await writer.drain()
                    return await read_answer(reader)
                finally:
                    writer.close()
        except TimeoutError:
            raise AuthorityUnavailable(f"the authority did not answer within {self._timeout_s:g} s") from None
        except (OSError, Garbled) as error:
            raise AuthorityUnavailable(f"the authority cannot be asked: {error}") from error


def _unexpected(answer: Answer | None) -> Exception:
    match answer:
        case Declined():
            return AuthorityDeclined(answer.reason)
        case Unable():
            return AuthorityUnavailable(answer.reason)
        case None:
            return AuthorityUnavailable("the authority ended before it answered")
        case _:
            return AuthorityUnavailable(f"the authority answered {type(answer).__name__}")
