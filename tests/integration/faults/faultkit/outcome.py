"""What became of a request, as its client sees it."""

import http.client
import socket
from collections.abc import Iterator
from dataclasses import dataclass

from meshkit.http import Answer, Http

from faultkit.ledger import Ledger, answer_to, body_of

BODY = 120
_SHOWN = 200
UNANSWERED = {502, 503, 504}
"""What proxies say where the program said nothing."""


@dataclass(frozen=True)
class Outcome:
    name: str
    status: int | None
    """None: the connection ended, and that before the answer did."""
    reason: str


def ask(
    client: Http,
    method: str,
    name: str,
    *,
    sent: bytes | Iterator[bytes] | None = None,
    expected: bytes | None = None,
) -> Outcome:
    """One request. Raises AssertionError for an answer that is not the one to it, or is followed by another one.

    `sent`, `expected`: other bodies than the small ones of this kit.
    """
    _make_ready(client)
    if sent is None and method == "POST":
        sent = body_of(name, BODY)
    try:
        answer = client.ask(method, f"/{name}", sent)
    except (ConnectionError, http.client.HTTPException) as error:
        client.close()
        return Outcome(name, None, repr(error))
    assert client.sock is None or not _more(client.sock), f"{name} is answered more than once"
    return Outcome(name, answer.status, reason_of(name, answer, expected))


def reason_of(name: str, answer: Answer, expected: bytes | None = None) -> str:
    """Why there is no other answer. Raises AssertionError where this is not one that belongs to the name."""
    reason = answer.headers.get("l5d-proxy-error", "")
    if answer.status == 200:
        is_right = answer.body == (answer_to(name) if expected is None else expected)
        assert is_right, f"{name} is answered by {answer.body[:_SHOWN]!r}, {len(answer.body)} bytes"
    else:
        assert answer.status in UNANSWERED, answer
        assert reason, f"an error without a reason: {answer}"
    return reason


def check(outcome: Outcome, ledger: Ledger, *, at_most: int) -> None:
    """What was answered was carried out, and nothing more often than it may be."""
    times = ledger.times(outcome.name)
    assert times <= at_most, f"{outcome} was carried out {times} times"
    assert outcome.status != 200 or times >= 1, f"{outcome} was never carried out"


def _make_ready(client: Http) -> None:
    """As good clients do: a connection that has ended meanwhile is none, and small pieces are sent at once."""
    if client.sock is not None and _has_ended(client.sock):
        client.close()
    if client.sock is None:
        client.connect()
    if client.sock is not None:
        client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _more(sock: socket.socket) -> bool:
    return bool(_peek(sock))


def _has_ended(sock: socket.socket) -> bool:
    return _peek(sock) == b""


def _peek(sock: socket.socket) -> bytes | None:
    """What is there to be read; None where there is nothing so far."""
    waited = sock.gettimeout()
    sock.settimeout(0)
    try:
        return sock.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return None
    except OSError:
        return b""
    finally:
        sock.settimeout(waited)
