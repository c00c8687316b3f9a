"""Answers before the answer: 100 that the program decides on, and the others that announce something."""

from conformkit.program import Program
from conformkit.way import Way
from conformkit.wire import Wire, sized

EXPECTING = b"POST / HTTP/1.1\r\nhost: program\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\n"
GET = b"GET / HTTP/1.1\r\nhost: program\r\n\r\n"


def test_the_program_says_whether_it_wants_the_body(way: Way, program: Program) -> None:
    """The client hears nothing before its refusal, and may go on."""

    def serve(wire: Wire) -> None:
        head = wire.head()
        assert head.get("expect") == "100-continue"
        wire.send(sized(b"no", b"HTTP/1.1 417 Expectation Failed", b"connection: close"))

    with program.serving(serve), way.wire(program.port) as wire:
        wire.send(EXPECTING)
        answer = wire.response()
        assert (answer.head.status, answer.body) == (417, b"no")


def test_the_100_of_the_program_reaches_the_client_and_then_the_body_the_program(way: Way, program: Program) -> None:
    def serve(wire: Wire) -> None:
        for _ in range(2):
            wire.head()
            wire.send(b"HTTP/1.1 100 Continue\r\nx-from: program\r\n\r\n")
            wire.send(sized(wire.exactly(5)))

    with program.serving(serve), way.wire(program.port) as wire:
        for body in (b"hello", b"again"):
            wire.send(EXPECTING)
            interim = wire.head()
            assert (interim.status, interim.get("x-from")) == (100, "program")
            wire.send(body)
            assert wire.response().body == body


def test_a_body_that_does_not_wait_for_its_100_arrives(way: Way, program: Program) -> None:
    def serve(wire: Wire) -> None:
        wire.head()
        wire.send(sized(wire.exactly(5)))

    with program.serving(serve), way.wire(program.port) as wire:
        wire.send(EXPECTING, b"hello")
        assert wire.response().body == b"hello"  # and no 100, which the program did not send


def test_early_hints_and_processing_come_before_the_answer(way: Way, program: Program) -> None:
    def serve(wire: Wire) -> None:
        for _ in range(2):
            wire.request()
            wire.send(b"HTTP/1.1 102 Processing\r\n\r\n")
            wire.send(b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\nlink: </b>\r\n\r\n")
            wire.send(sized(b"done"))

    with program.serving(serve), way.wire(program.port) as wire:
        for _ in range(2):
            wire.send(GET)
            assert wire.head().status == 102
            hints = wire.head()
            assert (hints.status, hints.all("link")) == (103, ["</a>", "</b>"])
            assert wire.response().body == b"done"


def test_an_interim_answer_comes_as_soon_as_it_is_there(way: Way, program: Program) -> None:
    """The final answer waits for the client to have seen it."""

    def serve(wire: Wire) -> None:
        wire.head()
        wire.send(b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n")
        wire.send(sized(wire.exactly(5)))

    with program.serving(serve), way.wire(program.port) as wire:
        wire.send(b"POST / HTTP/1.1\r\nhost: program\r\ncontent-length: 5\r\n\r\n")
        assert wire.head().status == 103
        wire.send(b"hello")
        assert wire.response().body == b"hello"


def test_http_1_0_hears_no_interim_answers(way: Way, program: Program) -> None:
    """RFC 9110, 15.2."""

    def serve(wire: Wire) -> None:
        wire.request()
        wire.send(b"HTTP/1.1 103 Early Hints\r\n\r\n", sized(b"done"))

    with program.serving(serve), way.wire(program.port) as wire:
        wire.send(b"GET / HTTP/1.0\r\nhost: program\r\n\r\n")
        assert wire.response().head.status == 200
