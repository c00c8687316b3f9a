"""Credentials from a program, as kubeconfig files name it under `exec` (client.authentication.k8s.io)."""

import asyncio
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from hauberk.client.errors import Misconfigured
from hauberk.client.nulls import without_nulls
from hauberk.runtime.clock import Clock

_VERSIONS = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")
_TIMEOUT_S = 60.0
_INTERACTIVE_TIMEOUT_S = 300.0
"""Where a person has to type something."""
_EARLY = timedelta(seconds=10)
"""Before it expires a credential counts as expired: a request takes time."""


class Variable(msgspec.Struct, frozen=True):
    name: str
    value: str = ""


class Plugin(msgspec.Struct, frozen=True, rename="camel"):
    """What a kubeconfig says of the program."""

    api_version: str
    command: str
    args: tuple[str, ...] = ()
    env: tuple[Variable, ...] = ()
    install_hint: str = ""
    provide_cluster_info: bool = False
    interactive_mode: Literal["Never", "IfAvailable", "Always"] = "IfAvailable"


class Credential(msgspec.Struct, frozen=True, rename="camel"):
    """What it answers. All but the time is secret."""

    token: str = ""
    client_certificate_data: str = ""
    client_key_data: str = ""
    expiration_timestamp: datetime | None = None

    def __repr__(self) -> str:
        return "Credential(…)"


class _Answer(msgspec.Struct, rename="camel"):
    api_version: str
    kind: str
    status: Credential | None = None


class ExecCredentials:
    """Asks the program when there is no credential yet, or the last one has expired."""

    def __init__(
        self,
        plugin: Plugin,
        cluster: Mapping[str, object],
        present: Callable[[bytes, bytes], None],
        *,
        clock: Clock,
        environ: Mapping[str, str] = os.environ,
        is_terminal: Callable[[], bool] = sys.stdin.isatty,
        timeout_s: float = _TIMEOUT_S,
    ) -> None:
        """`cluster` is what the program is told of it, if it asks; `present` gets a client certificate and its key."""
        self._plugin = plugin
        self._cluster = cluster
        self._present = present
        self._clock = clock
        self._environ = environ
        self._is_terminal = is_terminal
        self._timeout_s = timeout_s
        self._held: Credential | None = None
        self._asking = asyncio.Lock()

    async def token(self) -> str:
        """Return the token, or an empty text where the certificate is all there is. Raises Misconfigured."""
        async with self._asking:
            if self._held is None or self._expired(self._held):
                held = await self._ask()
                if held.client_certificate_data:
                    self._present(held.client_certificate_data.encode(), held.client_key_data.encode())
                self._held = held
            return self._held.token

    def _expired(self, held: Credential) -> bool:
        until = held.expiration_timestamp
        return until is not None and self._clock.now() >= until - _EARLY

    async def _ask(self) -> Credential:
        plugin = self._plugin
        if plugin.api_version not in _VERSIONS:
            raise Misconfigured(f"{self} speaks {plugin.api_version}; {' and '.join(_VERSIONS)} are understood")
        interactive = plugin.interactive_mode != "Never" and self._is_terminal()
        if plugin.interactive_mode == "Always" and not interactive:
            raise Misconfigured(f"{self} wants to ask you something, and there is no terminal: call it from one")
        raw = await self._run(interactive)
        try:
            answer = msgspec.convert(without_nulls(msgspec.json.decode(raw)), _Answer)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise Misconfigured(f"{self} did not answer with an ExecCredential: {error}") from error
        if (answer.kind, answer.api_version) != ("ExecCredential", plugin.api_version):
            raise Misconfigured(f"{self} answered with {answer.api_version} {answer.kind}, not {plugin.api_version}")
        return self._checked(answer.status)

    def _checked(self, credential: Credential | None) -> Credential:
        if credential is None or not (credential.token or credential.client_certificate_data):
            raise Misconfigured(f"{self} answered without a token and without a certificate")
        if bool(credential.client_certificate_data) != bool(credential.client_key_data):
            raise Misconfigured(f"{self} answered with a certificate without its key, or a key without its certificate")
        until = credential.expiration_timestamp
        if until is not None and until.tzinfo is None:
            raise Misconfigured(f"{self} answered with an expirationTimestamp without a zone")
        return credential

    async def _run(self, interactive: bool) -> bytes:
        environ = {
            **self._environ,
            **{variable.name: variable.value for variable in self._plugin.env},
            "KUBERNETES_EXEC_INFO": self._info(interactive),
        }
        try:
            process = await asyncio.create_subprocess_exec(
                self._plugin.command,
                *self._plugin.args,
                env=environ,
                stdin=None if interactive else asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
            )
        except OSError as error:
            hint = self._plugin.install_hint.strip() or "install it, or correct users[].user.exec.command"
            raise Misconfigured(f"{self} cannot be started ({error.strerror}): {hint}") from error
        try:
            async with asyncio.timeout(_INTERACTIVE_TIMEOUT_S if interactive else self._timeout_s):
                raw, _ = await process.communicate()
        except TimeoutError as error:
            raise Misconfigured(f"{self} did not end in time: see what it waits for by calling it yourself") from error
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        if process.returncode != 0:
            raise Misconfigured(f"{self} failed with exit code {process.returncode}: what it said is above")
        return raw

    def _info(self, interactive: bool) -> str:
        spec: dict[str, object] = {"interactive": interactive}
        if self._plugin.provide_cluster_info:
            spec["cluster"] = self._cluster
        document = {"apiVersion": self._plugin.api_version, "kind": "ExecCredential", "spec": spec}
        return msgspec.json.encode(document).decode()

    def __str__(self) -> str:
        return f"the credential plugin {self._plugin.command}"
