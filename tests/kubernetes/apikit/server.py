"""etcd and kube-apiserver as processes of a test."""

import base64
import json
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from apikit.keys import ADMIN_TOKEN, USERS, Keys
from apikit.ports import free_ports
from apikit.programs import api_server
from hauberk.client.endpoint import TcpEndpoint
from hauberk.client.tls import trusting

_START_S = 60.0
_END_S = 20.0
_STEP_S = 0.05
_SHOWN = 4000


class ApiServer:
    """Runs within `with`. `kill`, `restart` and `compact` are what happens to servers."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.keys = Keys(directory / "keys")
        self.port, self._etcd_port, self._peer_port = free_ports(3)
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        try:
            self._start("etcd", self._etcd())
            _until("etcd answers", self._etcd_is_well, self._log)
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for name in ("kube-apiserver", "etcd"):
            self._end(name)

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def endpoint(self, user: str = "admin") -> TcpEndpoint:
        """The server, as the administrator or one of `keys.USERS`."""
        token = ADMIN_TOKEN if user == "admin" else USERS[user]
        return TcpEndpoint(self.url, tls=trusting(self.keys.authority), token=lambda: token)

    def kubeconfig(self, path: Path) -> Path:
        """Write one for the administrator, who proves it by a certificate."""
        cluster = {"server": self.url, "certificate-authority": str(self.keys.authority)}
        user = {"client-certificate": str(self.keys.certificate("admin")), "client-key": str(self.keys.key("admin"))}
        document = {
            "clusters": [{"name": "apikit", "cluster": cluster}],
            "users": [{"name": "admin", "user": user}],
            "contexts": [{"name": "apikit", "context": {"cluster": "apikit", "user": "admin"}}],
            "current-context": "apikit",
        }
        path.write_text(json.dumps(document))
        return path

    def start(self) -> None:
        """Returns when the server is ready."""
        self._start("kube-apiserver", self._api_server())
        _until("the API server is ready", self._is_ready, self._log)

    def kill(self) -> None:
        """End the API server at once, as kill -9 does; etcd stays."""
        process = self._processes.pop("kube-apiserver")
        process.kill()
        process.wait()

    def compact(self) -> None:
        """Have etcd forget all changes up to now."""
        revision = self._ask_etcd("/v3/kv/range", {"key": base64.b64encode(b"x").decode()})["header"]["revision"]
        self._ask_etcd("/v3/kv/compaction", {"revision": revision, "physical": True})

    def _etcd(self) -> list[str]:
        client, peer = (f"http://127.0.0.1:{port}" for port in (self._etcd_port, self._peer_port))
        return [
            "etcd",
            "--name=apikit",
            f"--data-dir={self.directory / 'etcd'}",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=apikit={peer}",
            "--logger=zap",
            "--log-level=warn",
        ]

    def _api_server(self) -> list[str]:
        keys = self.keys
        return [
            str(api_server()),
            f"--etcd-servers=http://127.0.0.1:{self._etcd_port}",
            "--bind-address=127.0.0.1",
            f"--secure-port={self.port}",
            "--endpoint-reconciler-type=none",
            f"--cert-dir={self.directory}",
            f"--tls-cert-file={keys.certificate('server')}",
            f"--tls-private-key-file={keys.key('server')}",
            f"--client-ca-file={keys.authority}",
            f"--token-auth-file={keys.tokens}",
            "--authorization-mode=RBAC",
            # Pods are written without ServiceAccounts, which no controller makes here.
            "--disable-admission-plugins=ServiceAccount",
            "--service-cluster-ip-range=10.0.0.0/16",
            "--service-account-issuer=https://apikit",
            f"--service-account-key-file={keys.directory / 'accounts.pub'}",
            f"--service-account-signing-key-file={keys.key('accounts')}",
            "--profiling=false",
        ]

    def _start(self, name: str, words: list[str]) -> None:
        with (self.directory / f"{name}.log").open("ab") as log:
            # Whatever ends the tests, also without a word, ends these too.
            words = ["setpriv", "--pdeathsig", "KILL", *words]
            self._processes[name] = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def _end(self, name: str) -> None:
        process = self._processes.pop(name, None)
        if process is None:
            return
        # A server that ends orderly waits for its clients, and nobody wants to know what it did.
        process.kill()
        process.wait(_END_S)

    def _is_ready(self) -> bool:
        self._alive("kube-apiserver")
        request = urllib.request.Request(  # noqa: S310 - https
            f"{self.url}/readyz", headers={"Authorization": f"Bearer {ADMIN_TOKEN}"}
        )
        try:
            with urllib.request.urlopen(request, timeout=5, context=trusting(self.keys.authority)) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except OSError:
            return False

    def _etcd_is_well(self) -> bool:
        self._alive("etcd")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._etcd_port}/health", timeout=5) as answer:
                return b"true" in answer.read()
        except OSError:
            return False

    def _alive(self, name: str) -> None:
        code = self._processes[name].poll()
        if code is not None:
            raise AssertionError(f"{name} ended with {code}\n{self._log()}")

    def _ask_etcd(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self._etcd_port}{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - of this test
            return dict(json.load(answer))

    def _log(self) -> str:
        logs = sorted(self.directory.glob("*.log"))
        return "\n".join(f"{log.name}:\n{log.read_text(errors='replace')[-_SHOWN:]}" for log in logs)


@contextmanager
def an_api_server() -> Iterator[ApiServer]:
    """One in a directory that is removed in the end."""
    with tempfile.TemporaryDirectory(prefix="apikit-") as name, ApiServer(Path(name)) as server:
        yield server


def _until(what: str, check: Any, shown: Any) -> None:
    end = time.monotonic() + _START_S
    while not check():
        if time.monotonic() > end:
            raise AssertionError(f"not within {_START_S:g} s: {what}\n{shown()}")
        time.sleep(_STEP_S)
