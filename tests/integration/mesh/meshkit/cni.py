"""What stands around a CNI plugin on a node: an API server that knows pods, and a runtime that calls plugins."""

import datetime as dt
import ipaddress
import json
import os
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from meshkit import namespace
from meshkit.bare import Host

ADDRESS = "127.0.0.1"
PLUGINS = "/usr/lib/cni"
Pod = dict[str, Any]


class ApiServer:
    """Answers for pods over TLS, to whoever has the token; in the network of a host."""

    def __init__(self, host: Host, directory: Path) -> None:
        self.pods: dict[str, Pod] = {}
        self.accepted = "first"
        self.asked: list[str] = []
        self.deleted: list[tuple[str, Any]] = []
        self.authority = directory / "ca.crt"
        with namespace.visiting(host.pid):
            self._server = ThreadingHTTPServer((ADDRESS, 0), self._handler())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(_certificate(directory, self.authority))
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"https://{ADDRESS}:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, name="api server")
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(api) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - `self` is the request's
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                api.asked.append(self.path)
                path = self.path.partition("?")[0]
                if self.headers["authorization"] != f"Bearer {api.accepted}":
                    self._answer(401, {"kind": "Status", "message": "Unauthorized"})
                elif path == "/api/v1/pods":
                    self._answer(200, {"kind": "PodList", "items": list(api.pods.values())})
                elif path in api.pods:
                    self._answer(200, api.pods[path])
                else:
                    self._answer(404, {"kind": "Status", "message": "pods not found"})

            def do_DELETE(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                api.deleted.append((self.path, body))
                self._answer(200, api.pods.pop(self.path))

            def _answer(self, status: int, body: Any) -> None:
                content = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Nobody reads it."""

        return Handler


class Runtime:
    """Calls the plugins of a folder's first list as container runtimes do, in the network of a host."""

    def __init__(self, node: Host, programs: Path, configuration: Path) -> None:
        self._node = node
        self._path = f"{programs}:{PLUGINS}"
        self._configuration = configuration

    def add(self, pod: Host, name: str, uid: str = "u", namespace: str = "shop") -> Any:
        """The last plugin's result. Raises PluginFailed."""
        pod.must("ip", "link", "set", "lo", "up")
        listed = json.loads(min(self._configuration.glob("*.conflist")).read_text())
        result: Any = None
        for plugin in listed["plugins"]:
            arguments = _arguments(namespace, name, uid)
            result = self.call("ADD", listed, plugin, pod=pod, arguments=arguments, previous=result)
        return result

    def check(self, pod: Host, name: str, result: Any) -> None:
        """Our plugin, with the list's result. Raises PluginFailed."""
        listed = json.loads(min(self._configuration.glob("*.conflist")).read_text())
        arguments = _arguments("shop", name, "u")
        said = self.call("CHECK", listed, listed["plugins"][-1], pod=pod, arguments=arguments, previous=result)
        assert said is None, "who checks says nothing"

    def call(
        self,
        command: str,
        listed: dict[str, Any],
        plugin: dict[str, Any],
        *,
        pod: Host | None = None,
        arguments: str = "",
        previous: Any = None,
    ) -> Any:
        given = {**plugin, "cniVersion": listed["cniVersion"], "name": listed["name"]}
        if previous is not None:
            given["prevResult"] = previous
        env = {
            "CNI_COMMAND": command,
            "CNI_CONTAINERID": f"container-{pod.pid if pod else 0}",
            "CNI_IFNAME": "eth0",
            "CNI_ARGS": arguments,
            "CNI_PATH": self._path,
            "CNI_NETNS": f"/proc/{pod.pid}/ns/net" if pod else "",
        }
        folder = next(folder for folder in self._path.split(":") if Path(folder, plugin["type"]).is_file())
        done = subprocess.run(
            [*self._node.entering(), str(Path(folder, plugin["type"]))],
            input=json.dumps(given).encode(),
            capture_output=True,
            env={"PATH": os.environ["PATH"], **env},
            check=False,
        )
        said = json.loads(done.stdout) if done.stdout.strip() else None
        if done.returncode != 0:
            raise PluginFailedError(said)
        return said


def _arguments(namespace: str, name: str, uid: str) -> str:
    return f"IgnoreUnknown=1;K8S_POD_NAMESPACE={namespace};K8S_POD_NAME={name};K8S_POD_UID={uid}"


class PluginFailedError(Exception):
    """The plugin's error, as the specification wants it."""

    def __init__(self, said: Any) -> None:
        super().__init__(said)
        self.said = said


def pod(name: str, uid: str = "u", *containers: str, **annotations: str) -> Pod:
    """One of the API server's."""
    return {
        "metadata": {"namespace": "shop", "name": name, "uid": uid, "annotations": annotations},
        "spec": {"containers": [{"name": container} for container in containers]},
    }


def path(name: str) -> str:
    return f"/api/v1/namespaces/shop/pods/{name}"


def _certificate(directory: Path, authority: Path) -> Path:
    """A certificate of its own authority, with the address that API servers have theirs for; with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    root = _signed("root", key, key, None)
    own = ec.generate_private_key(ec.SECP256R1())
    leaf = _signed("kube-apiserver", own, key, ipaddress.ip_address(ADDRESS))
    authority.write_bytes(root.public_bytes(serialization.Encoding.PEM))
    file = directory / "apiserver.pem"
    file.write_bytes(
        own.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + leaf.public_bytes(serialization.Encoding.PEM)
    )
    return file


def _signed(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: ec.EllipticCurvePrivateKey,
    address: ipaddress.IPv4Address | ipaddress.IPv6Address | None,
) -> x509.Certificate:
    now = dt.datetime.now(dt.UTC)
    names = [x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, word)]) for word in (name, "root")]
    made = (
        x509.CertificateBuilder()
        .subject_name(names[0])
        .issuer_name(names[1])
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=address is None, path_length=None), critical=True)
    )
    if address is not None:
        made = made.add_extension(x509.SubjectAlternativeName([x509.IPAddress(address)]), critical=False)
    return made.sign(issuer, hashes.SHA256())
