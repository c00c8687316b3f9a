"""A client ends in the middle of a request: the program never takes it for a whole one."""

from collections.abc import Callable, Iterator

import pytest
from faultkit.http1 import counting
from faultkit.ledger import Ledger, body_of
from faultkit.outcome import ask
from faultkit.ports import HTTP1
from faultkit.program import serving
from faultkit.stride import positions
from faultkit.wire import reset
from meshkit.mesh import Mesh
from meshkit.workload import Workload

LENGTH = 300


@pytest.fixture(scope="module")
def ledger(server: Workload) -> Iterator[Ledger]:
    ledger = Ledger()
    with serving(server, HTTP1, counting(ledger)):
        yield ledger


def sized(name: str) -> bytes:
    return b"POST /%s HTTP/1.1\r\nhost: server\r\ncontent-length: %d\r\n\r\n" % (name.encode(), LENGTH) + body_of(
        name, LENGTH
    )


def chunked(name: str) -> bytes:
    head = b"POST /%s HTTP/1.1\r\nhost: server\r\ntransfer-encoding: chunked\r\n\r\n" % name.encode()
    return head + b"%x\r\n%s\r\n0\r\n\r\n" % (LENGTH, body_of(name, LENGTH))


@pytest.mark.parametrize("request_of", [sized, chunked])
@pytest.mark.parametrize("ends", ["in order", "by a reset"])
def test_a_request_that_breaks_off_is_none(
    mesh: Mesh, client: Workload, ledger: Ledger, request_of: Callable[[str], bytes], ends: str
) -> None:
    address = (mesh.api.service_address("server"), HTTP1)
    where = f"{request_of.__name__}-{ends[3:]}".replace(" ", "")
    whole = request_of(f"{where}-0000")
    with client.http("server", HTTP1) as http:
        for at in positions(len(whole) - 1):
            name = f"{where}-{at:04}"
            with client.connect(address) as leaver:
                leaver.sendall(request_of(name)[:at])
                if ends == "by a reset":
                    reset(leaver)
        # The proxies and the program have been told of all of them by the time that they answer this one.
        assert ask(http, "POST", f"{where}-last").status == 200
    done = [at for at in range(len(whole)) if ledger.times(f"{where}-{at:04}")]
    assert done == []
    assert ledger.damaged == []
