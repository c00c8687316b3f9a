"""Asks a proxy for its certificate, as any peer would: by a TLS handshake that goes no further."""

import asyncio
import os
import ssl

DIRECT_PORT = 4143
DIRECT_ALPN = "transport.l5d.io/v1"
"""Connections to the inbound port itself speak this protocol."""
TIMEOUT_S = 5.0


class NoCertificate(Exception):
    """The proxy showed none; the text says why."""


async def leaf(address: str, server_name: str, *, port: int = DIRECT_PORT, timeout_s: float = TIMEOUT_S) -> bytes:
    """The certificate (DER) that the proxy at `address` shows to who asks for `server_name`. Nothing is verified.

    Raises NoCertificate.
    """
    try:
        async with asyncio.timeout(timeout_s):
            _, writer = await asyncio.open_connection(
                address, port, ssl=_context(), server_hostname=server_name, ssl_handshake_timeout=timeout_s
            )
    except TimeoutError:
        raise NoCertificate(f"{address}:{port} did not answer within {timeout_s:.0f} s") from None
    except OSError as error:
        raise NoCertificate(f"{address}:{port}: {_reason(error)}") from None
    shown: ssl.SSLObject | None = writer.get_extra_info("ssl_object")
    der = None if shown is None else shown.getpeercert(binary_form=True)
    # The proxy hangs up on a peer without a certificate: nothing polite is left to be said.
    writer.transport.abort()
    if der is None:
        raise NoCertificate(f"{address}:{port} speaks TLS without a certificate")
    return der


def _reason(error: OSError) -> str:
    if isinstance(error, ssl.SSLError):
        return f"it speaks no TLS of the mesh ({error.reason or error})"
    return os.strerror(error.errno) if error.errno else str(error)


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.set_alpn_protocols([DIRECT_ALPN])
    return context
