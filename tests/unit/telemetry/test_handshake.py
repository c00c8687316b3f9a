import asyncio
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from hauberk.identity.certificate import make_root, validity
from hauberk.telemetry.handshake import DIRECT_ALPN, NoCertificate, leaf

NAME = "web.default.serviceaccount.identity.hauberk.cluster.local"


@pytest.fixture
async def proxy(tmp_path: Path) -> AsyncIterator[tuple[int, bytes, list[str | None]]]:
    """Speaks TLS 1.3 with a certificate, as a proxy's inbound port: its port, the certificate, names asked for."""
    signing = make_root("web", validity(datetime.now(UTC), timedelta(hours=1), skew=timedelta(minutes=1)))
    pem = tmp_path / "web.pem"
    key = signing.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    pem.write_bytes(signing.certificate.public_bytes(Encoding.PEM) + key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(pem)
    context.set_alpn_protocols([DIRECT_ALPN])
    asked: list[str | None] = []
    context.sni_callback = lambda _connection, name, _context: asked.append(name)
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=context)
    yield server.sockets[0].getsockname()[1], signing.certificate.public_bytes(Encoding.DER), asked
    server.close()
    await asyncio.sleep(0)  # a closed transport lets go of its socket in the next turn of the loop


async def test_the_certificate_that_a_proxy_shows(proxy: tuple[int, bytes, list[str | None]]) -> None:
    port, der, asked = proxy
    assert await leaf("127.0.0.1", NAME, port=port) == der
    assert asked == [NAME]


async def test_a_port_without_tls_and_one_without_anybody() -> None:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(NoCertificate, match=f"127.0.0.1:{port}"):
        await leaf("127.0.0.1", NAME, port=port)
    server.close()
    await server.wait_closed()
    with pytest.raises(NoCertificate, match="refused"):
        await leaf("127.0.0.1", NAME, port=port)
