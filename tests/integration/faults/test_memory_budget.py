"""More bodies come than a proxy has room for, and nobody takes them: it holds what it may, and sheds the rest."""

import contextlib
import hashlib
import select
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from faultkit.http1 import read_head, sized
from faultkit.program import Serve, serving
from faultkit.starve import own_memory
from faultkit.wire import narrow
from faultkit.wrapped import wrapped
from meshkit.mesh import Mesh
from meshkit.until import until
from meshkit.workload import Workload

PORT = 7200
BUDGET = 16 * 1024 * 1024
COUNT = 150
BODY = 1024 * 1024
CLIENTS_MAX = 2000
BESIDE = 12 * 1024 * 1024
"""What a proxy needs for all else: connections, sessions of TLS, tables, pages that the allocator keeps."""


@pytest.fixture
def tight(mesh: Mesh) -> Iterator[tuple[Workload, Workload]]:
    """A client and a server whose proxies have little room."""
    proxy = wrapped(mesh, "tight", {"HAUBERK_PROXY_BUFFER_MEMORY": str(BUDGET)})
    own = ("--proxy-binary", str(proxy))
    client = mesh.run("tight-client", ["sleep", "infinity"], *own).ready()
    server = mesh.run("tight", ["sleep", "infinity"], *own, "--no-ready-check", ports=[str(PORT)]).ready()
    yield client, server
    for workload in (client, server):
        workload.process.terminate()


def slow(released: threading.Event) -> Serve:
    def serve(sock: socket.socket) -> None:
        narrow(sock)
        with sock.makefile("rb") as stream:
            head = read_head(stream)
            if head is None:
                return
            if not int(head[1].get("content-length", "0")):
                sock.sendall(sized(b"warm"))
                return
            released.wait()
            body = stream.read(int(head[1]["content-length"]))
            sock.sendall(sized(hashlib.sha256(body).hexdigest().encode()))

    return serve


def test_many_bodies_and_a_program_that_is_slow(mesh: Mesh, tight: tuple[Workload, Workload]) -> None:
    client, server = tight
    address, released = (mesh.api.service_address("tight"), PORT), threading.Event()
    with serving(server, PORT, slow(released)), contextlib.ExitStack() as stack:
        with client.http("tight", PORT) as http:
            assert http.get("/warm").status == 200
        before = memory(client, server)
        socks = [stack.enter_context(client.connect(address, timeout_s=30)) for _ in range(COUNT)]
        bodies = [bytes([number]) * BODY for number in range(COUNT)]
        try:
            left = fill(socks, bodies)
            held = [now - was for was, now in zip(before, memory(client, server), strict=True)]
        finally:
            released.set()
        with ThreadPoolExecutor(COUNT) as pool:
            ends = list(pool.map(finish, socks, left, bodies))
    assert set(ends) <= {"whole", "shed"}
    assert "whole" in ends
    assert max(held) <= BUDGET + BESIDE, f"{held} bytes were held"


def endless(sock: socket.socket) -> None:
    with sock.makefile("rb") as stream:
        while (head := read_head(stream)) is not None:
            if "/endless" not in head[0]:
                sock.sendall(sized(b"small"))
                continue
            sock.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % (1 << 40))
            while True:
                sock.sendall(bytes(64 * 1024))


def test_many_answers_and_clients_that_do_not_read(mesh: Mesh, tight: tuple[Workload, Workload]) -> None:
    client, server = tight
    address = (mesh.api.service_address("tight"), PORT)
    with serving(server, PORT, endless), contextlib.ExitStack() as stack:
        with client.http("tight", PORT) as http:
            assert http.get("/small").status == 200
        before = memory(client, server)
        answers: list[str] = []
        while "503" not in answers:
            assert len(answers) < CLIENTS_MAX
            sock = stack.enter_context(client.connect(address, timeout_s=30))
            narrow(sock)
            sock.sendall(b"GET /endless HTTP/1.1\r\nhost: tight\r\n\r\n")
            answers.append(sock.recv(12).decode().split(" ")[1])
        held = [now - was for was, now in zip(before, memory(client, server), strict=True)]
    assert set(answers) == {"200", "503"}
    assert max(held) <= BUDGET + BESIDE, f"{held} bytes were held"
    with serving(server, PORT, endless), client.http("tight", PORT) as http:
        until("there is room again", lambda: http.get("/small").status == 200)


def memory(*workloads: Workload) -> list[int]:
    return [own_memory(pid) for workload in workloads if (pid := workload.proxy())]


def fill(socks: list[socket.socket], bodies: list[bytes]) -> list[memoryview]:
    """Send until nobody takes more; what is left of each request."""
    left = {sock: memoryview(head(body) + body) for sock, body in zip(socks, bodies, strict=True)}
    for sock in socks:
        narrow(sock)
        sock.setblocking(False)
    while writable := select.select([], [s for s in socks if left[s]], [], 0.3)[1]:
        for sock in writable:
            try:
                left[sock] = left[sock][sock.send(left[sock][:65536]) :]
            except BlockingIOError:
                continue
            except ConnectionError:
                left[sock] = memoryview(b"")
    return [left[sock] for sock in socks]


def head(body: bytes) -> bytes:
    return b"POST /slow HTTP/1.1\r\nhost: tight\r\ncontent-length: %d\r\n\r\n" % len(body)


def finish(sock: socket.socket, left: memoryview, body: bytes) -> str:
    sock.settimeout(30)
    with contextlib.suppress(ConnectionError):
        sock.sendall(left)
    with sock.makefile("rb") as stream:
        answer = read_head(stream)
        if answer is None:
            return "closed"
        if answer[0].split(" ")[1] == "503" and "retry-after" in answer[1]:
            return "shed"
        said = stream.read(int(answer[1].get("content-length", "0")))
        return "whole" if said == hashlib.sha256(body).hexdigest().encode() else f"{answer[0]} {said[:100]!r}"
