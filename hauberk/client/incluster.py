"""The endpoint of a program in a pod: what Kubernetes puts into every container with a ServiceAccount."""

import os
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path

from hauberk.client.endpoint import TcpEndpoint
from hauberk.client.errors import Misconfigured
from hauberk.client.tls import trusting
from hauberk.client.token_file import TokenFile

DIRECTORY = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_HOST, _PORT = "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"


def is_in_cluster(environ: Mapping[str, str] = os.environ) -> bool:
    return bool(environ.get(_HOST) and environ.get(_PORT))


def in_cluster(environ: Mapping[str, str] = os.environ, *, directory: Path = DIRECTORY) -> TcpEndpoint:
    """Return the API server of the cluster that this pod is in. Raises Misconfigured."""
    if not is_in_cluster(environ):
        raise Misconfigured(f"{_HOST} and {_PORT} are not set: this is not a container of a Kubernetes pod")
    token = TokenFile(directory / "token")
    token()  # what is missing is said now, and not at the first request
    tls = trusting(directory / "ca.crt")
    return TcpEndpoint(f"https://{_bracketed(environ[_HOST])}:{environ[_PORT]}", tls=tls, token=token)


def _bracketed(host: str) -> str:
    """As hosts stand in a URL (RFC 3986, 3.2.2)."""
    try:
        return f"[{host}]" if ip_address(host).version == 6 else host
    except ValueError:
        return host
