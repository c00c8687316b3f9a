"""The front proxy as a child: a stand-in for the binary says what it was told, and is killed."""

import json
import os
import signal
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from machine import Machine, Up, eventually, runs

from hauberk.identity.evidence import Claims
from hauberk.identity.tokens import Tokens

CONTROL = "linkerd-destination.hauberk.serviceaccount.identity.hauberk.cluster.local"

STAND_IN = """#!{python}
import json, os, pathlib, socket
told = pathlib.Path("{told}")
told.with_suffix(".new").write_text(json.dumps(dict(os.environ)))
told.with_suffix(".new").replace(told)
address, _, port = os.environ["LINKERD2_PROXY_ADMIN_LISTEN_ADDR"].rpartition(":")
with socket.create_server((address, int(port))) as admin:
    while True:
        connection, _ = admin.accept()
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 6\\r\\n\\r\\nready\\n")
        connection.close()
"""


@pytest.fixture
def machine(root: Path) -> Machine:
    binary = root / "proxy"
    binary.write_text(STAND_IN.format(python=sys.executable, told=root / "told"))
    binary.chmod(0o755)
    return Machine(
        root,
        HAUBERK_PROXY_BINARY=str(binary),
        HAUBERK_PROXY_API_LISTEN=f"127.0.0.1:{_free_port()}",
        HAUBERK_PROXY_ADMIN_LISTEN=f"127.0.0.1:{_free_port()}",
        LINKERD2_PROXY_LOG="debug",
        HAUBERK_PROXY_SECCOMP="off",
        OTHERS_BUSINESS="kept from children",
    )


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
    return port


async def test_the_front_proxy_is_told_who_it_is_and_whom_it_serves(machine: Machine, root: Path) -> None:
    async with machine.up():
        told = json.loads((root / "told").read_text())
    target = f"unix:{machine.runtime}/proxy.sock"
    assert told["HAUBERK_PROXY_FRONT_TARGET"] == target
    assert told["HAUBERK_PROXY_FRONT_LISTEN_ADDR"] == machine.environ["HAUBERK_PROXY_API_LISTEN"]
    for service in ("IDENTITY", "DESTINATION", "POLICY"):
        assert told[f"LINKERD2_PROXY_{service}_SVC_ADDR"] == target
    assert told["LINKERD2_PROXY_IDENTITY_LOCAL_NAME"] == CONTROL
    assert told["LINKERD2_PROXY_IDENTITY_TRUST_ANCHORS"] == (machine.state / "authority" / "root.crt").read_text()
    assert (told["LINKERD2_PROXY_LOG"], told["HAUBERK_PROXY_SECCOMP"]) == ("debug", "off")
    assert "OTHERS_BUSINESS" not in told
    front = machine.runtime / "front"
    assert told["LINKERD2_PROXY_IDENTITY_DIR"] == str(front / "identity")
    assert told["LINKERD2_PROXY_IDENTITY_TOKEN_FILE"] == str(front / "token")
    assert (front / "identity").is_dir()
    assert (front / "token").stat().st_mode & 0o777 == 0o600
    tokens = Tokens((machine.state / "token.key").read_bytes())
    claims = tokens.read((front / "token").read_bytes(), now=datetime.now(UTC))
    assert claims == Claims("hauberk", "linkerd-destination", None)


async def test_a_killed_front_proxy_comes_back_and_ends_with_a_killed_control_plane(machine: Machine) -> None:
    async with machine.up() as up:
        first = up.children()["front"]
        os.kill(first, signal.SIGKILL)
        second = await eventually(lambda: _other_front(up, first), "another front proxy")
        await up.kill()
    await eventually(lambda: not runs(second), "the end of the front proxy")
    async with machine.up() as up:
        assert await up.stop() == 0


def _other_front(up: Up, first: int) -> int | None:
    found = up.children().get("front")
    return found if found != first else None
