"""One connection on which bytes are sent, and all that is answered."""

import contextlib
import re
import socket
import threading
from dataclasses import dataclass

SENTINEL = b"GET /sentinel HTTP/1.1\r\nHost: program\r\nConnection: close\r\n\r\n"
"""A request after the bytes of a case. Where they were refused it must not be answered."""
_ANSWER = re.compile(rb"HTTP/1\.[01] (\d{3})[^\r\n]*\r\n(?:x-answer: (\d+)\r\n|[^\r\n]+\r\n)*\r\n", re.IGNORECASE)


@dataclass(frozen=True)
class Answers:
    final: tuple[tuple[int, int | None], ...]
    """The status of each, and which of its requests the program answered by it; None: it was not the program."""
    hangs: bool
    """Whether the connection was still open long after its client had ended."""


def exchange(sock: socket.socket, raw: bytes) -> Answers:
    sender = threading.Thread(target=_send, args=(sock, raw + SENTINEL))
    said, hangs = b"", False
    with sock:
        sender.start()
        try:
            while piece := sock.recv(65536):
                said += piece
        except TimeoutError:
            hangs = True
        except OSError:
            pass  # a reset is an end
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)
        sender.join()
    found = [(int(one[1]), None if one[2] is None else int(one[2])) for one in _ANSWER.finditer(said)]
    return Answers(tuple(answer for answer in found if answer[0] >= 200), hangs)


def _send(sock: socket.socket, data: bytes) -> None:
    with contextlib.suppress(OSError):
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
