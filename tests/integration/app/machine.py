"""A machine of one's own: `hauberk up` as a real process, in directories of the test."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc.aio

from hauberk._api.linkerd import identity_pb2
from hauberk._api.linkerd.identity_pb2_grpc import IdentityStub
from hauberk.client.api import Client
from hauberk.client.endpoint import UnixEndpoint

WITHIN_S = 30.0


class Up:
    """One run of the control plane."""

    def __init__(self, process: asyncio.subprocess.Process, machine: "Machine") -> None:
        self.process = process
        self.machine = machine

    @property
    def pid(self) -> int:
        return self.process.pid

    def children(self) -> dict[str, int]:
        """Process ids by the last word of the program's path, or its module."""
        found = {}
        for entry in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split():
            words = Path(f"/proc/{entry}/cmdline").read_text().split("\0")
            name = "authority" if "hauberk.identity.authority" in words else "front"
            found[name] = int(entry)
        return found

    async def kill(self) -> None:
        self.process.kill()
        await self.process.wait()

    async def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(WITHIN_S):
            return await self.process.wait()


class Machine:
    """Where the control plane keeps its things, also from one run to the next."""

    def __init__(self, root: Path, **settings: str) -> None:
        self.state = root / "state"
        self.runtime = root / "run"
        self.log = root / "log"
        self.environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("HAUBERK_", "LINKERD2_"))},
            "HAUBERK_STATE_DIR": str(self.state),
            "HAUBERK_RUNTIME_DIR": str(self.runtime),
            "HAUBERK_PROXY_BINARY": str(root / "no-proxy"),
            **settings,
        }

    async def begin(self, environ: Mapping[str, str] | None = None) -> asyncio.subprocess.Process:
        with self.log.open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "hauberk.cli", "up"),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                env={**self.environ, **(environ or {})},
            )

    @asynccontextmanager
    async def up(self) -> AsyncIterator[Up]:
        """A control plane that serves; ended, if it still runs, when the test is done with it."""
        process = await self.begin()
        assert process.stdout is not None
        try:
            async with asyncio.timeout(WITHIN_S):
                line = await process.stdout.readline()
            assert line.startswith(b"ready in "), f"{line!r}\n{self.said()}"
            yield Up(process, self)
        finally:
            if process.returncode is None:
                process.terminate()
            async with asyncio.timeout(WITHIN_S):
                await process.wait()

    async def refused(self, environ: Mapping[str, str] | None = None) -> str:
        """Start, expect an end with exit code 1, and return what was said since."""
        before = len(self.said())
        process = await self.begin(environ)
        async with asyncio.timeout(WITHIN_S):
            out, _ = await process.communicate()
        assert (process.returncode, out) == (1, b""), self.said()
        return self.said()[before:]

    def said(self) -> str:
        return self.log.read_text() if self.log.exists() else ""

    def client(self) -> Client:
        return Client(UnixEndpoint(self.runtime / "api.sock"))

    def proxy_api(self) -> grpc.aio.Channel:
        return grpc.aio.insecure_channel(f"unix:{self.runtime / 'proxy.sock'}")

    async def certify(self, identity: str, token: str, csr: bytes, client_id: str | None = None) -> Any:
        """Ask for a certificate as a proxy does; raises what gRPC raises."""
        request = identity_pb2.CertifyRequest(identity=identity, token=token.encode(), certificate_signing_request=csr)
        metadata = [("l5d-client-id", client_id)] if client_id is not None else []
        async with self.proxy_api() as channel:
            return await IdentityStub(channel).Certify(request, metadata=metadata, timeout=WITHIN_S)


def enrollment(name: str, *, port: int | None = None) -> dict[str, Any]:
    spec: dict[str, Any] = {"name": name, "serviceAccountName": name, "nodeName": "here"}
    if port is not None:
        spec["ports"] = [{"port": 80, "targetPort": port}]
    return {
        "apiVersion": "hauberk.dev/v1alpha1",
        "kind": "Enrollment",
        "metadata": {"namespace": "default"},
        "spec": spec,
    }


def runs(pid: int) -> bool:
    """Whether a process lives. One that has ended and was not waited for yet has no command line any more."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes() != b""
    except (FileNotFoundError, ProcessLookupError):
        return False


async def eventually(check: Any, what: str) -> Any:
    """Wait until `check()`, perhaps a coroutine, gives something true, and return that."""
    try:
        async with asyncio.timeout(WITHIN_S):
            while True:
                result = check()
                if asyncio.iscoroutine(result):
                    result = await result
                if result:
                    return result
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"not within {WITHIN_S} s: {what}") from None
