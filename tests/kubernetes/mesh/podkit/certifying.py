"""Asks the identity service for certificates, as a proxy does before it has one: over TLS, with a token alone."""

import asyncio
import base64
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import grpc.aio
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from cluster.cluster import of
from hauberk._api.linkerd import identity_pb2, identity_pb2_grpc
from hauberk.telemetry.parse import Parser
from podkit.asking import identity
from podkit.kubectl import Kubectl
from podkit.mesh import address_of
from podkit.metrics import metric, page_at

AUDIENCE = "identity.l5d.io"
PORT = 8080
ADMIN_PORT = 9990
_NAME = "linkerd-identity"
_ROOTS = ("linkerd-identity-trust-roots", "ca-bundle.crt")
_TIMEOUT_S = 10.0


@dataclass(frozen=True)
class Answer:
    """What became of a request for a certificate."""

    code: grpc.StatusCode
    details: str = ""
    names: list[str] = field(default_factory=list)
    """DNS names of the certificate."""


class Desk:
    """The identity service of the mesh in a namespace, by the address of one of its pods."""

    def __init__(self, kubectl: Kubectl, mesh: str) -> None:
        self._address = address_of(kubectl, _NAME.removeprefix("linkerd-"), mesh)
        name, key = _ROOTS
        self._roots = kubectl.get("configmap", name, "--namespace", mesh)["data"][key]
        self._server = identity(_NAME, mesh)

    def certify(self, name: str, token: bytes) -> Answer:
        """Ask for a certificate of that name, by a request that is in order."""
        request = identity_pb2.CertifyRequest(identity=name, token=token, certificate_signing_request=_csr(name))
        return asyncio.run(self._certify(request))

    async def _certify(self, request: identity_pb2.CertifyRequest) -> Answer:
        # gRPC's own TLS takes no server that chooses no protocol, as proxies are not asked to.
        tls = ssl.create_default_context(cadata=self._roots)
        async with _relay(self._address, PORT, tls, self._server) as port, _plain(port) as channel:
            try:
                response = await identity_pb2_grpc.IdentityStub(channel).Certify(request, timeout=_TIMEOUT_S)
            except grpc.aio.AioRpcError as error:
                return Answer(error.code(), error.details() or "")
        leaf = x509.load_der_x509_certificate(response.leaf_certificate)
        san = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return Answer(grpc.StatusCode.OK, names=san.get_values_for_type(x509.DNSName))

    def refused(self, reason: str) -> float:
        """How many requests were refused for this reason so far."""
        page = Parser().parse(page_at(self._address, ADMIN_PORT))
        return metric(page, "identity_certificates_refused_total", reason=reason)


def token(kubectl: Kubectl, namespace: str, account: str, *more: str, audience: str = AUDIENCE) -> str:
    """A genuine one, from the API server."""
    words = ("create", "token", account, "--namespace", namespace, "--audience", audience)
    return kubectl(*words, *more).strip()


def rewritten(kubectl: Kubectl, genuine: str, key: rsa.RSAPrivateKey | None = None, **claims: object) -> bytes:
    """The same token with other claims, signed by the cluster's own key unless another is given."""
    head, body, _ = genuine.split(".")
    fields = {**json.loads(_decoded(body)), **claims}
    text = f"{head}.{_encoded(json.dumps(fields).encode())}".encode()
    return text + b"." + _encoded((key or _key(kubectl)).sign(text, padding.PKCS1v15(), hashes.SHA256())).encode()


@asynccontextmanager
async def _relay(address: str, port: int, tls: ssl.SSLContext, name: str) -> AsyncIterator[int]:
    """From a port of this machine; TLS is between here and there. Ends when its clients have hung up."""
    clients = set()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        clients.add(asyncio.current_task())
        there = await asyncio.open_connection(address, port, ssl=tls, server_hostname=name)
        async with asyncio.TaskGroup() as group:
            group.create_task(_copy(reader, there[1]))
            group.create_task(_copy(there[0], writer))

    server = await asyncio.start_server(carry, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
        await asyncio.gather(*clients)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while block := await reader.read(65536):
            writer.write(block)
            await writer.drain()
    except OSError:
        pass
    writer.close()


def _plain(port: int) -> grpc.aio.Channel:
    return grpc.aio.insecure_channel(f"127.0.0.1:{port}")


def _key(kubectl: Kubectl) -> rsa.RSAPrivateKey:
    """What the test cluster signs tokens with, a file of that cluster."""
    raw = Path(of(kubectl.environ, lambda _: None).places.keys, "sa.key").read_bytes()
    key = serialization.load_pem_private_key(raw, None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


def _csr(name: str) -> bytes:
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    signed = builder.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.DER)


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
