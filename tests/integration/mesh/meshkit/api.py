"""The resource API as plain HTTP over its Unix socket: what a person sees by `curl --unix-socket`."""

import http.client
import json
import socket
from pathlib import Path
from typing import Any

TIMEOUT_S = 10.0


class ApiRefused(Exception):
    """The answer's status was not one of success."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text}")
        self.status = status


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("hauberk", timeout=TIMEOUT_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(TIMEOUT_S)
        self.sock.connect(str(self._path))


class Api:
    def __init__(self, path: Path) -> None:
        self._socket = path

    def call(self, method: str, path: str, body: object = None) -> Any:
        """The answer's JSON. Raises ApiRefused, and OSError where nobody answers."""
        connection = _UnixConnection(self._socket)
        try:
            payload = None if body is None else json.dumps(body)
            connection.request(method, path, payload, {"content-type": "application/json"})
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        if answer.status >= 300:
            raise ApiRefused(answer.status, text)
        return json.loads(text)

    def pods(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.call("GET", "/api/v1/namespaces/default/pods")["items"]
        return found

    def pod(self, name: str) -> dict[str, Any] | None:
        """The Pod; None if there is none of this name."""
        return next((pod for pod in self.pods() if pod["metadata"]["name"] == name), None)

    def endpoints(self, service: str) -> list[str]:
        """The addresses that the Service's slices call ready."""
        slices = self.call("GET", "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices")["items"]
        own = (s for s in slices if s["metadata"]["labels"]["kubernetes.io/service-name"] == service)
        ready = (e for s in own for e in s.get("endpoints", []) if e["conditions"]["ready"])
        return [address for endpoint in ready for address in endpoint["addresses"]]

    def service_address(self, name: str) -> str:
        """The Service's virtual address."""
        return str(self.call("GET", f"/api/v1/namespaces/default/services/{name}")["spec"]["clusterIP"])


def is_ready(pod: dict[str, Any] | None) -> bool:
    if pod is None:
        return False
    conditions = pod.get("status", {}).get("conditions", [])
    return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)
