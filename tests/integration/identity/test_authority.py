"""The authority as a process: who is served, what is signed, and how it ends."""

import asyncio
import os
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from cryptography import x509
from signing_requests import WEB, csr_for

from hauberk.identity.authority import EXIT_UNUSABLE, AuthoritySpec
from hauberk.identity.issue import Order
from hauberk.identity.protocol import MAX_BYTES
from hauberk.identity.signer import AuthorityDeclined, AuthorityUnavailable, Signer

WITHIN_S = 30.0
SPIFFE = "spiffe://cluster.local/ns/default/sa/web"
SKEW = timedelta(seconds=20)

# As another user: connect, ask, and say how many bytes came back.
STRANGER = """
import os, socket, sys
os.setgid(65534)
os.setuid(65534)
with socket.socket(socket.AF_UNIX) as sock:
    sock.connect(sys.argv[1])
    body = b'{"type":"describe"}'
    try:
        sock.sendall(len(body).to_bytes(4, "big") + body)
        print(len(sock.recv(65536)))
    except ConnectionError:
        print(0)
"""


@dataclass
class Running:
    process: asyncio.subprocess.Process
    path: Path

    @property
    def signer(self) -> Signer:
        return Signer(self.path, timeout_s=WITHIN_S)


@pytest.fixture
def root() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="hauberk-") as name:
        yield Path(name)


def spec(root: Path, *, leaf: timedelta = timedelta(hours=24)) -> AuthoritySpec:
    return AuthoritySpec(
        directory=str(root / "authority"),
        name="identity.hauberk.cluster.local",
        leaf=leaf,
        issuer=timedelta(days=365),
        root=timedelta(days=3650),
        skew=SKEW,
        renew_at=0.7,
    )


@asynccontextmanager
async def authority(root: Path, given: AuthoritySpec | None = None) -> AsyncIterator[Running]:
    """A process, as the control plane starts it."""
    path = root / "authority.sock"
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "hauberk.identity.authority", str(listening.fileno())),
            stdin=asyncio.subprocess.PIPE,
            pass_fds=(listening.fileno(),),
        )
        assert process.stdin is not None
        process.stdin.write(msgspec.json.encode(given or spec(root)) + b"\n")
        try:
            yield Running(process, path)
        finally:
            process.stdin.close()
            async with asyncio.timeout(WITHIN_S):
                await process.wait()


def open_to_everybody(path: Path) -> None:
    """What keeps others away is the socket's mode; the tests ask for what is behind it."""
    path.parent.chmod(0o755)
    path.chmod(0o666)


async def test_leaves_of_a_minute_are_signed_by_an_issuer_under_the_root(root: Path) -> None:
    async with authority(root, spec(root, leaf=timedelta(seconds=60))) as running:
        anchors = x509.load_pem_x509_certificates((await running.signer.describe()).trust_anchors.encode())
        order = Order(WEB, SPIFFE, csr_for(WEB))
        before = datetime.now(UTC)
        answers = await asyncio.gather(*(running.signer.sign(order) for _ in range(20)))
        after = datetime.now(UTC)
    for answer in answers:
        leaf = x509.load_der_x509_certificate(answer.leaf)
        issuer = x509.load_der_x509_certificate(answer.intermediates[0])
        leaf.verify_directly_issued_by(issuer)
        issuer.verify_directly_issued_by(anchors[0])
        assert leaf.not_valid_after_utc - leaf.not_valid_before_utc == timedelta(seconds=60) + SKEW
        assert before - timedelta(seconds=1) <= answer.valid_until - timedelta(seconds=60) <= after
    assert len({x509.load_der_x509_certificate(answer.leaf).serial_number for answer in answers}) == len(answers)
    assert running.process.returncode == 0


async def test_the_root_outlives_the_process(root: Path) -> None:
    async with authority(root) as running:
        first = await running.signer.describe()
    async with authority(root) as running:
        assert await running.signer.describe() == first


async def test_a_request_for_another_name_is_declined(root: Path) -> None:
    async with authority(root) as running:
        with pytest.raises(AuthorityDeclined, match="the only name"):
            await running.signer.sign(Order(WEB, SPIFFE, csr_for("api")))


@pytest.mark.parametrize(
    "nonsense",
    [
        (MAX_BYTES + 1).to_bytes(4, "big"),
        b"\x00\x00\x00\x02{]",
        b'\x00\x00\x00\x0f{"type":"keys"}',
        b"\x00\x00\x00\x10{",
    ],
)
async def test_nonsense_ends_the_connection_and_nothing_else(root: Path, nonsense: bytes) -> None:
    async with authority(root) as running:
        reader, writer = await asyncio.open_unix_connection(running.path)
        writer.write(nonsense)
        writer.write_eof()
        async with asyncio.timeout(WITHIN_S):
            assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()
        assert (await running.signer.describe()).trust_anchors


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")
async def test_another_user_is_not_served(root: Path) -> None:
    async with authority(root) as running:
        await running.signer.describe()
        open_to_everybody(running.path)
        stranger = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-c", STRANGER, str(running.path)), stdout=asyncio.subprocess.PIPE
        )
        out, _ = await stranger.communicate()
        assert (stranger.returncode, out) == (0, b"0\n")


async def test_unusable_files_end_it_with_a_code_of_their_own(root: Path) -> None:
    async with authority(root) as running:
        await running.signer.describe()
    (root / "authority" / "root.crt").write_text("half a cert")
    async with authority(root) as running, asyncio.timeout(WITHIN_S):
        assert await running.process.wait() == EXIT_UNUSABLE


async def test_an_authority_that_is_not_there_is_said_to_be_unavailable(root: Path) -> None:
    with pytest.raises(AuthorityUnavailable):
        await Signer(root / "nothing.sock").describe()
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(root / "silent.sock"))
        silent.listen()
        with pytest.raises(AuthorityUnavailable, match="did not answer"):
            await Signer(root / "silent.sock", timeout_s=0.1).describe()
