"""The front proxy, which terminates TLS for the control plane (ARCHITECTURE.md, "Front proxy")."""

import asyncio
import errno
import logging
import socket
from collections.abc import Mapping
from ipaddress import IPv4Address
from pathlib import Path
from random import SystemRandom

from hauberk.app.child import Child, Program
from hauberk.app.failure import StartFailed
from hauberk.app.groups import CONTROL_ACCOUNT
from hauberk.config.groups import Config
from hauberk.identity.files import PRIVATE, write_durably
from hauberk.identity.tokens import Tokens
from hauberk.model.identity import identity_of
from hauberk.runtime.backoff import Backoff
from hauberk.runtime.clock import Clock

log = logging.getLogger(__name__)

_TOLD = ("LINKERD2_PROXY_LOG", "HAUBERK_PROXY_SECCOMP")
_IP_FREEBIND = 15  # linux/in.h; not in Python's socket module
_FREE_S = 2.0
_AGAIN_S = 0.05
_PROBE_S = 1.0


class Front:
    """Its files, its settings and its process."""

    def __init__(self, config: Config, binary: Path, *, tokens: Tokens, clock: Clock) -> None:
        self._config = config
        self._binary = binary
        self._tokens = tokens
        self._clock = clock
        self._dir = config.paths.front_dir
        self._token = self._dir / "token"

    async def check_ports(self) -> None:
        """Raises StartFailed where another program has one of its ports."""
        network = self._config.network
        for setting, address, port in (
            ("HAUBERK_PROXY_API_LISTEN", network.proxy_api_address, network.proxy_api_port),
            ("HAUBERK_PROXY_ADMIN_LISTEN", network.proxy_admin_address, network.proxy_admin_port),
        ):
            try:
                async with asyncio.timeout(_FREE_S):
                    while not _is_free(address, port):  # noqa: ASYNC110 - nobody tells us
                        await asyncio.sleep(_AGAIN_S)  # a predecessor that was killed lets go in a moment
            except TimeoutError:
                hint = f"stop what uses it, or choose another address with {setting}"
                raise StartFailed(f"{address}:{port} is in use", hint=hint) from None

    def child(self, trust_anchors: str, environ: Mapping[str, str]) -> Child:
        """Prepare the files. Raises StartFailed."""
        identity_dir = self._dir / "identity"
        try:
            identity_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.write_token()
        except OSError as error:
            hint = "see whether the directory is yours, and whether the disk is full"
            raise StartFailed(f"{self._dir} cannot be written ({error.strerror})", hint=hint) from error
        program = Program(
            name="front proxy",
            argv=(str(self._binary),),
            environ={**_inherited(environ), **self._settings(trust_anchors, identity_dir)},
        )
        return Child(program, clock=self._clock, backoff=Backoff(0.1, 5.0, 0.2, SystemRandom()))

    def write_token(self) -> None:
        """Raises OSError."""
        token, _ = self._tokens.mint_own(
            namespace=self._config.mesh.namespace,
            service_account=CONTROL_ACCOUNT,
            now=self._clock.now(),
            ttl=self._config.enrollment.token_ttl,
        )
        write_durably(self._token, token.encode(), mode=PRIVATE)

    async def keep_token(self) -> None:
        """Keep the token file fresh, until cancelled."""
        half_s = self._config.enrollment.token_ttl.total_seconds() / 2
        while True:
            await asyncio.sleep(half_s)
            try:
                self.write_token()
            except OSError as error:
                log.warning("%s cannot be written (%s): the front proxy keeps its old token", self._token, error)

    async def ready(self) -> None:
        """Return when it says that it is ready."""
        network = self._config.network
        while not await _says_ready(str(network.proxy_admin_address), network.proxy_admin_port):  # noqa: ASYNC110
            await asyncio.sleep(_AGAIN_S)

    def _settings(self, trust_anchors: str, identity_dir: Path) -> dict[str, str]:
        network, mesh, target = self._config.network, self._config.mesh, f"unix:{self._config.paths.proxy_socket}"
        identity = identity_of(CONTROL_ACCOUNT, mesh.namespace, mesh.namespace, mesh.trust_domain)
        variables = {
            "IDENTITY_TRUST_ANCHORS": trust_anchors,
            "IDENTITY_LOCAL_NAME": identity,
            "IDENTITY_DIR": str(identity_dir),
            "IDENTITY_TOKEN_FILE": str(self._token),
            "ADMIN_LISTEN_ADDR": f"{network.proxy_admin_address}:{network.proxy_admin_port}",
            "SHUTDOWN_GRACE_PERIOD": "2s",
        }
        for service in ("IDENTITY", "DESTINATION", "POLICY"):
            variables[f"{service}_SVC_ADDR"] = target
            variables[f"{service}_SVC_NAME"] = identity
        return {
            **{f"LINKERD2_PROXY_{name}": value for name, value in variables.items()},
            "HAUBERK_PROXY_FRONT_LISTEN_ADDR": f"{network.proxy_api_address}:{network.proxy_api_port}",
            "HAUBERK_PROXY_FRONT_TARGET": target,
        }


def _inherited(environ: Mapping[str, str]) -> dict[str, str]:
    """What the person who starts the control plane may say to its proxy: how it logs, and how it confines itself."""
    return {name: value for name, value in environ.items() if name.startswith(_TOLD)}


def _is_free(address: IPv4Address, port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # The bridge, whose address it is, is made by the first workload.
        probe.setsockopt(socket.IPPROTO_IP, _IP_FREEBIND, 1)
        try:
            probe.bind((str(address), port))
        except OSError as error:
            return error.errno != errno.EADDRINUSE
    return True


async def _says_ready(address: str, port: int) -> bool:
    """Ask the admin endpoint once."""
    try:
        async with asyncio.timeout(_PROBE_S):
            reader, writer = await asyncio.open_connection(address, port)
            try:
                writer.write(f"GET /ready HTTP/1.1\r\nHost: {address}:{port}\r\nConnection: close\r\n\r\n".encode())
                status = await reader.readline()
            finally:
                writer.close()
    except (OSError, TimeoutError, ValueError):
        return False
    return status.split(b" ")[1:2] == [b"200"]
