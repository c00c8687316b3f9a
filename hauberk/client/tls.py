"""TLS towards an API server: whom to trust, and who the client is."""

import os
import ssl
from pathlib import Path

from hauberk.client.errors import Misconfigured


def trusting(authority: Path | str | None, *, verify: bool = True) -> ssl.SSLContext:
    """Return a context that trusts a file, a text in PEM or (None) those whom this machine trusts.

    Raises Misconfigured.
    """
    try:
        if isinstance(authority, Path):
            context = ssl.create_default_context(cafile=authority)
        else:
            context = ssl.create_default_context(cadata=authority)
    except (OSError, ValueError) as error:
        where = authority if isinstance(authority, Path) else "certificate-authority-data"
        raise Misconfigured(f"{where} is not a readable certificate in PEM ({_reason(error)})") from error
    # Authorities of clusters are seldom made to the letter; Go's clients, which everybody uses, do not mind.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def present(context: ssl.SSLContext, certificate: bytes, key: bytes, *, where: str) -> None:
    """Have the client show a certificate, both in PEM, on connections that are made from now on.

    `where` they are from. Raises Misconfigured. The key is never in a file that another process could open: the module
    ssl reads files only, so it gets one that exists in memory, for as long as it reads.
    """
    descriptor = os.memfd_create("client-certificate", os.MFD_CLOEXEC)
    try:
        with os.fdopen(os.dup(descriptor), "wb") as file:
            file.write(certificate.rstrip() + b"\n" + key)
        # Without a password ssl would ask the terminal for one.
        context.load_cert_chain(f"/proc/self/fd/{descriptor}", password="")
    except OSError as error:
        raise Misconfigured(
            f"{where} are not a certificate and its key, in PEM and without a password ({_reason(error)})"
        ) from error
    finally:
        os.close(descriptor)


def _reason(error: Exception) -> str:
    return getattr(error, "reason", None) or getattr(error, "strerror", None) or str(error)
