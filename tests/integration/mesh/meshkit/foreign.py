"""A control plane of another make: it speaks the common contract, and nothing of ours.

Fixed answers, given by the test; each can be replaced while proxies listen, by bytes that make sense or not. Neither
the services of `hauberk.*` nor any field from 1000 on exist here. As with its model, proxies reach it by mutual TLS,
offer no ALPN, and show no certificate when they ask for their first one; so TLS ends in front of it.
"""

import asyncio
import socket
import ssl
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self, TypeVar

import grpc
import grpc.aio
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hauberk._api.linkerd import identity_pb2
from meshkit import namespace, tls
from meshkit.bare import HUB, Host

TRUST_DOMAIN = "cluster.example"
MESH = "linkerd"
IDENTITY_PORT, PORT = 8080, 8086
"""Of the authority, and of the other services."""

CERTIFY = "/io.linkerd.proxy.identity.Identity/Certify"
PROFILE = "/io.linkerd.proxy.destination.Destination/GetProfile"
ENDPOINTS = "/io.linkerd.proxy.destination.Destination/Get"
OUTBOUND = "/io.linkerd.proxy.outbound.OutboundPolicies/Watch"
INBOUND = "/io.linkerd.proxy.inbound.InboundServerPolicies/WatchPort"
STREAMS = (PROFILE, ENDPOINTS, OUTBOUND, INBOUND)

Refusal = tuple[grpc.StatusCode, str]
Answer = bytes | Refusal
Answers = Callable[[str, bytes], Answer]
"""Method and request → what is streamed to whoever asks that, whole, and again whenever it changes."""
Passing = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]
T = TypeVar("T")


def identity(account: str, of_namespace: str = "default") -> str:
    return f"{account}.{of_namespace}.serviceaccount.identity.{MESH}.{TRUST_DOMAIN}"


class ControlPlane:
    """Runs in a thread; what it is asked is counted in `asked` and kept in `requests`."""

    def __init__(self, hub: Host, answers: Answers) -> None:
        self.hub = hub
        self.asked: Counter[str] = Counter()
        self.requests: dict[str, list[bytes]] = {}
        self.times: dict[tuple[str, bytes], list[float]] = {}
        """Seconds of one clock at which each question was asked."""
        self.authority = tls.foreign_issuer()
        self.tokens: dict[bytes, str] = {}
        """Which identity a token proves."""
        self._answers = answers
        self._changed: set[asyncio.Event] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="foreign control plane")

    @property
    def anchors(self) -> str:
        return self.authority.certificate.public_bytes(serialization.Encoding.PEM).decode()

    def environment(self) -> dict[str, str]:
        """What its injector tells a proxy of where it is (names without the prefix)."""
        destination = identity("linkerd-destination", MESH)
        return {
            "IDENTITY_TRUST_ANCHORS": self.anchors,
            "IDENTITY_SVC_ADDR": f"{HUB}:{IDENTITY_PORT}",
            "IDENTITY_SVC_NAME": identity("linkerd-identity", MESH),
            "DESTINATION_SVC_ADDR": f"{HUB}:{PORT}",
            "DESTINATION_SVC_NAME": destination,
            "POLICY_SVC_ADDR": f"{HUB}:{PORT}",
            "POLICY_SVC_NAME": destination,
        }

    def say(self, answers: Answers) -> None:
        """Give other answers from now on, also on the streams that are open."""

        def change() -> None:
            self._answers = answers
            for event in self._changed:
                event.set()

        self._loop.call_soon_threadsafe(change)

    def up(self) -> None:
        self._await(self._up())

    def down(self) -> None:
        """Gone, with all connections to it."""
        self._await(self._down())

    def __enter__(self) -> Self:
        self._thread.start()
        self.up()
        return self

    def __exit__(self, *_: object) -> None:
        self.down()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _await(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _up(self) -> None:
        self._server = grpc.aio.server()
        self._server.add_generic_rpc_handlers((_Handler(self),))
        plain = self._plain = self._server.add_insecure_port("127.0.0.1:0")
        await self._server.start()
        self._open: set[asyncio.StreamWriter] = set()
        self._doors = [
            await self._door(IDENTITY_PORT, "linkerd-identity", plain, ssl.CERT_NONE),
            await self._door(PORT, "linkerd-destination", plain, ssl.CERT_REQUIRED),
        ]

    def open_socket(self, path: Path) -> None:
        """Be there by a Unix socket too, without TLS."""

        async def opened() -> None:
            self._doors.append(await asyncio.start_unix_server(self._passing_on(self._plain), path))

        self._await(opened())
        path.chmod(0o666)  # a proxy is another user

    async def _down(self) -> None:
        for door in self._doors:
            door.close()
        for writer in list(self._open):
            writer.transport.abort()
        await self._server.stop(None)

    async def _door(self, port: int, account: str, plain: int, clients: ssl.VerifyMode) -> asyncio.Server:
        credentials = tls.leaf(self.authority, identity(account, MESH), self.hub.directory / f"{account}.pem")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(credentials)
        context.verify_mode = clients
        context.load_verify_locations(cadata=self.anchors)
        with namespace.visiting(self.hub.pid):
            listening = socket.create_server((HUB, port), reuse_port=True)

        return await asyncio.start_server(self._passing_on(plain), sock=listening, ssl=context)

    def _passing_on(self, plain: int) -> Passing:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            to_reader, to_writer = await asyncio.open_connection("127.0.0.1", plain)
            self._open |= {writer, to_writer}
            await asyncio.gather(_copy(reader, to_writer), _copy(to_reader, writer))
            self._open -= {writer, to_writer}

        return serve

    async def certify(self, raw: bytes, context: grpc.aio.ServicerContext[bytes, bytes]) -> bytes:
        self.count(CERTIFY, raw)
        request = identity_pb2.CertifyRequest.FromString(raw)
        if self.tokens.get(request.token) != request.identity:
            await context.abort(grpc.StatusCode.FAILED_PRECONDITION, "the token proves another identity")
        csr = x509.load_der_x509_csr(request.certificate_signing_request)
        until = datetime.now(UTC) + timedelta(hours=24)
        response = identity_pb2.CertifyResponse(leaf_certificate=self._sign(csr, request.identity, until))
        response.valid_until.FromDatetime(until)
        return response.SerializeToString()

    def _sign(self, csr: x509.CertificateSigningRequest, name: str, until: datetime) -> bytes:
        # A common name has at most 64 characters.
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)] if len(name) <= 64 else [])
        key = csr.public_key()
        assert isinstance(key, ec.EllipticCurvePublicKey)
        issuer, now = self.authority.certificate.subject, datetime.now(UTC) - timedelta(seconds=20)
        builder = x509.CertificateBuilder(issuer, subject, key, x509.random_serial_number(), now, until)
        named = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        return named.sign(self.authority.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)

    async def stream(
        self, method: str, raw: bytes, context: grpc.aio.ServicerContext[bytes, bytes]
    ) -> AsyncIterator[bytes]:
        """The answer, and again whenever it is another one."""
        self.count(method, raw)
        changed = asyncio.Event()
        self._changed.add(changed)
        try:
            last: bytes | None = None
            while True:
                changed.clear()
                answer = self._answers(method, raw)
                if isinstance(answer, tuple):
                    await context.abort(*answer)
                if answer != last:
                    yield answer
                last = answer
                await changed.wait()
        finally:
            self._changed.discard(changed)

    def count(self, method: str, raw: bytes) -> None:
        self.asked[method] += 1
        self.requests.setdefault(method, []).append(raw)
        self.times.setdefault((method, raw), []).append(self._loop.time())


class _Handler(grpc.GenericRpcHandler):
    """Messages are bytes. What is not of the contract is not implemented, but counted."""

    def __init__(self, plane: ControlPlane) -> None:
        self._plane = plane

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler | None:
        method = details.method
        if method == CERTIFY:
            return grpc.unary_unary_rpc_method_handler(self._plane.certify)
        if method not in STREAMS:
            self._plane.asked[method] += 1
            return None

        async def stream(raw: bytes, context: grpc.aio.ServicerContext[bytes, bytes]) -> AsyncIterator[bytes]:
            async for message in self._plane.stream(method, raw, context):
                yield message

        return grpc.unary_stream_rpc_method_handler(stream)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


def key_files(directory: Path, name: str) -> ec.EllipticCurvePublicKey:
    """What the contract's launcher makes before it becomes the proxy: key.p8 and csr.der. Returns the public key."""
    key = ec.generate_private_key(ec.SECP256R1())
    csr = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (directory / "key.p8").write_bytes(secret)
    (directory / "csr.der").write_bytes(csr.public_bytes(serialization.Encoding.DER))
    return key.public_key()
