"""Questions to the API server that need an answer at once or none."""

import http.client
import json
import ssl
from typing import Any

from cluster import addresses
from cluster.identities import ADMIN
from cluster.places import Places

_TIMEOUT_S = 5.0
_OK = 200


class Api:
    """As the administrator."""

    def __init__(self, places: Places) -> None:
        self._keys = places.keys

    def get(self, path: str) -> bytes | None:
        """What the server says to it; None when it does not answer, or says no."""
        host = str(addresses.machine()[0])
        try:
            connection = http.client.HTTPSConnection(
                host, addresses.API_PORT, timeout=_TIMEOUT_S, context=self._context()
            )
            try:
                connection.request("GET", path)
                answer = connection.getresponse()
                body = answer.read()
            finally:
                connection.close()
        except (OSError, http.client.HTTPException):
            return None
        return body if answer.status == _OK else None

    def object(self, path: str) -> dict[str, Any] | None:
        body = self.get(path)
        return None if body is None else dict(json.loads(body))

    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self._keys / "ca.crt")
        context.load_cert_chain(self._keys / f"{ADMIN}.crt", self._keys / f"{ADMIN}.key")
        return context


def loopback_answers(port: int, path: str) -> bytes | None:
    """What a server on the machine's loopback says, without TLS; None when it does not."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_S)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    return body if answer.status == _OK else None
