"""Records of other implementations after the handshake: new keys, all sizes, ends in every order."""

import hashlib
import socket
import ssl
import struct
from contextlib import ExitStack, suppress
from pathlib import Path
from threading import Event, Semaphore

import pytest
from conformkit.memory import MB, bounded
from conformkit.openssl import UPDATED, s_client
from conformkit.program import Program
from conformkit.surface import NAME
from conformkit.wire import Wire, sized
from meshkit import tls
from meshkit.until import WITHIN_S, until
from meshkit.workload import Workload

ASK = b"GET /%d HTTP/1.1\r\nhost: program\r\n\r\n"


@pytest.fixture
def opaque(mine: Path, workload: Workload, client: Workload) -> ssl.SSLContext:
    del workload, client
    return tls.client(mine)


def _answers(wire: Wire) -> None:
    while request := wire.request():
        wire.send(sized(b"answer to " + request.head.target.encode() + b"."))


@pytest.mark.parametrize("orders", ["k" * 40, "K" * 40, "kKkkKK"], ids=["own", "both", "mixed"])
def test_openssl_changes_keys_between_requests(workload: Workload, program: Program, mine: Path, orders: str) -> None:
    """By its commands `k` and `K`, of which the second asks for the proxy's new keys too (RFC 8446, 4.6.3)."""
    with program.serving(_answers), s_client(workload, program.port, (), mine) as client:
        client.tell(ASK % 0)
        until("the first answer comes", lambda: "answer to /0." in client.said(), seen=client.said)
        for number, order in enumerate(orders, 1):
            client.update_keys(both=order == "K")
            client.tell(ASK % number)
            answer = f"answer to /{number}."
            until(f"{answer} comes", lambda wanted=answer: wanted in client.said(), seen=client.said)
        assert client.count("<<<", UPDATED) == orders.count("K"), "whoever is asked changes its keys, and nobody else"
        assert client.end() == 0


@pytest.mark.parametrize("size", [1, 100, 16_383, 16_384, 16_385, 4 * MB])
def test_data_of_all_sizes_is_whole_in_both_directions(
    workload: Workload, program: Program, opaque: ssl.SSLContext, size: int
) -> None:
    """As bytes, in OpenSSL's own records."""
    sent, said = hashlib.shake_128(b"sent").digest(size), Event()

    def echo(wire: Wire) -> None:
        data = wire.rest()
        assert said.wait(WITHIN_S)
        wire.send(b"<", data, b">")

    with (
        program.serving(echo),
        tls.shake_hands((workload.ip, program.port), opaque, NAME) as connection,
    ):
        connection.sendall(b"\0" + sent)
        _say_no_more(connection)
        said.set()
        assert _rest(connection) == b"<\0" + sent + b">"


def test_small_records_of_openssl_are_read(workload: Workload, program: Program, mine: Path) -> None:
    body = hashlib.shake_128(b"small").hexdigest(5000).encode()
    seen = []

    def serve(wire: Wire) -> None:
        seen.append(wire.request().body)
        wire.send(sized(b"all of it."))

    with (
        program.serving(serve),
        s_client(workload, program.port, (), mine, "-max_send_frag", "512", "-record_padding", "100") as client,
    ):
        client.tell(b"POST / HTTP/1.1\r\nhost: program\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
        until("it is answered", lambda: "all of it." in client.said(), seen=client.said)
    assert seen == [body]


def test_the_clients_end_is_the_programs_and_its_last_word_still_comes(
    workload: Workload, program: Program, opaque: ssl.SSLContext
) -> None:
    """Half-close over TLS."""
    said = Event()

    def serve(wire: Wire) -> None:
        word = wire.rest()
        assert said.wait(WITHIN_S)
        wire.send(b"heard ", word)

    with program.serving(serve), tls.shake_hands((workload.ip, program.port), opaque, NAME) as connection:
        connection.sendall(b"\0word")
        _say_no_more(connection)
        said.set()
        assert _rest(connection) == b"heard \0word"


def test_the_programs_end_is_the_clients_who_goes_on(
    workload: Workload, program: Program, opaque: ssl.SSLContext
) -> None:
    heard = []

    def serve(wire: Wire) -> None:
        wire.exactly(5)
        wire.send(b"last word")
        wire.finish()
        heard.append(wire.rest())

    with program.serving(serve), tls.shake_hands((workload.ip, program.port), opaque, NAME) as connection:
        connection.sendall(b"\0word")
        assert _rest(connection) == b"last word"
        connection.sendall(b" and more")
        _say_no_more(connection)
        connection.close()
        until("the program has heard the rest", lambda: heard)  # its connections end with this block
    assert heard == [b" and more"]


@pytest.mark.parametrize("way", ["no close_notify", "reset"])
def test_an_end_that_the_client_did_not_say_is_an_error_for_the_program(
    workload: Workload, program: Program, opaque: ssl.SSLContext, way: str
) -> None:
    """What was cut off must not look whole (RFC 8446, 6.1)."""
    seen: list[object] = []

    def serve(wire: Wire) -> None:
        seen.append(wire.exactly(5))
        wire.send(b"!")
        try:
            seen.append(wire.rest())
        except ConnectionResetError as error:
            seen.append(type(error))

    with program.serving(serve):
        connection = tls.shake_hands((workload.ip, program.port), opaque, NAME)
        connection.sendall(b"\0word")
        assert connection.recv(1) == b"!"
        if way == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()  # which says nothing in TLS
        until("the program knows", lambda: len(seen) == 2)
    assert seen == [b"\0word", ConnectionResetError]


def _say_no_more(connection: ssl.SSLSocket) -> None:
    """A close_notify, without waiting for the other side's: `unwrap` on a socket that must not wait. Data that comes
    meanwhile would be an error for it.
    """
    timeout = connection.gettimeout()
    connection.settimeout(0)
    with suppress(ssl.SSLWantReadError):
        connection.unwrap()
    connection.settimeout(timeout)


def _rest(connection: ssl.SSLSocket) -> bytes:
    """All until the close_notify; an end without one raises."""
    data = b""
    with suppress(ssl.SSLZeroReturnError):  # which is what the module calls it once both have said it
        while more := connection.recv(65_536):
            data += more
    return data


def test_what_waits_in_tls_costs_no_more_than_what_was_sent(
    workload: Workload, program: Program, opaque: ssl.SSLContext
) -> None:
    """Requests that nobody answers yet, and more behind them: a connection keeps what came, and no buffer beside it."""
    asked, answered = Semaphore(0), Event()

    def serve(wire: Wire) -> None:
        wire.request()
        asked.release()
        assert answered.wait(WITHIN_S)

    ahead = ASK % 1 + b"POST / HTTP/1.1\r\nhost: program\r\ncontent-length: 1000000\r\n\r\n" + bytes(100_000)
    with program.serving(serve), ExitStack() as held:
        with bounded([workload], 15 * MB):  # a buffer more for each was 19 MB
            for _ in range(100):
                connection = held.enter_context(tls.shake_hands((workload.ip, program.port), opaque, NAME))
                connection.setblocking(False)
                with suppress(ssl.SSLWantWriteError):
                    connection.send(ahead)
                assert asked.acquire(timeout=WITHIN_S)
        answered.set()
