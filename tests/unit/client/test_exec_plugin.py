import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hauberk.client.errors import Misconfigured
from hauberk.client.exec_plugin import ExecCredentials, Plugin, Variable
from hauberk.runtime.clock import ManualClock

V1, V1BETA1 = "client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"
START = datetime(2026, 1, 1, tzinfo=UTC)


class Given:
    """The certificates that were presented."""

    def __init__(self) -> None:
        self.pairs: list[tuple[bytes, bytes]] = []

    def __call__(self, certificate: bytes, key: bytes) -> None:
        self.pairs.append((certificate, key))


class Program:
    """A plugin: Python that writes down how it was called."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.path = directory / "plugin.py"

    def answers(self, status: dict[str, Any], *, version: str = V1) -> None:
        document = {"apiVersion": version, "kind": "ExecCredential", "spec": {}, "status": status}
        self.does(f"print({json.dumps(json.dumps(document))})")

    def does(self, last: str) -> None:
        told = "json.dumps({k: v for k, v in os.environ.items()} | {'argv': sys.argv[1:], 'tty': sys.stdin.isatty()})"
        log = str(self.directory / "calls")
        self.path.write_text(f"import json, os, sys, time\nopen({log!r}, 'a').write({told} + '\\n')\n{last}\n")

    @property
    def calls(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.directory / "calls").read_text().splitlines()]

    def credentials(self, clock: ManualClock, given: Given, **plugin: Any) -> ExecCredentials:
        args = (str(self.path), *plugin.pop("args", ()))
        described = Plugin(**{"api_version": V1, "command": sys.executable, "args": args, **plugin})
        cluster = {"server": "https://10.0.0.1"}
        environ = {"PATH": "/usr/bin", "LD_LIBRARY_PATH": ""}
        return ExecCredentials(
            described, cluster, given, clock=clock, environ=environ, is_terminal=lambda: False, timeout_s=5.0
        )


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def given() -> Given:
    return Given()


@pytest.mark.parametrize("version", [V1, V1BETA1])
async def test_a_program_is_asked_in_its_version(
    program: Program, clock: ManualClock, given: Given, version: str
) -> None:
    program.answers({"token": "abc"}, version=version)
    credentials = program.credentials(clock, given, api_version=version, args=("get-token",))
    assert await credentials.token() == "abc"
    (call,) = program.calls
    assert call["argv"] == ["get-token"]
    assert json.loads(call["KUBERNETES_EXEC_INFO"]) == {
        "apiVersion": version,
        "kind": "ExecCredential",
        "spec": {"interactive": False},
    }
    assert not given.pairs


async def test_it_is_told_of_the_cluster_if_it_asks_and_gets_its_variables(
    program: Program, clock: ManualClock, given: Given
) -> None:
    program.answers({"token": "abc"})
    variables = (Variable("PROFILE", "work"),)
    await program.credentials(clock, given, provide_cluster_info=True, env=variables).token()
    (call,) = program.calls
    assert json.loads(call["KUBERNETES_EXEC_INFO"])["spec"]["cluster"] == {"server": "https://10.0.0.1"}
    assert call["PROFILE"] == "work"
    assert call["PATH"] == "/usr/bin"


async def test_it_is_asked_again_when_the_credential_expires(
    program: Program, clock: ManualClock, given: Given
) -> None:
    program.answers({"token": "first", "expirationTimestamp": "2026-01-01T00:01:00Z"})
    credentials = program.credentials(clock, given)
    assert await credentials.token() == "first"
    clock.advance(49)
    assert await credentials.token() == "first"
    program.answers({"token": "second"})
    clock.advance(1)
    assert await credentials.token() == "second"
    clock.advance(1_000_000)
    assert await credentials.token() == "second"
    assert len(program.calls) == 2


async def test_a_certificate_is_presented_in_place_of_a_token(
    program: Program, clock: ManualClock, given: Given
) -> None:
    program.answers({"clientCertificateData": "CERT", "clientKeyData": "KEY", "token": None})
    assert await program.credentials(clock, given).token() == ""
    assert given.pairs == [(b"CERT", b"KEY")]


@pytest.mark.parametrize(
    ("last", "message"),
    [
        ("sys.exit(3)", "failed with exit code 3"),
        ("print('hello')", "did not answer with an ExecCredential"),
        ("print('{\"apiVersion\": 1}')", "did not answer with an ExecCredential"),
        (f'print(\'{{"apiVersion": "{V1BETA1}", "kind": "ExecCredential"}}\')', "answered with .*v1beta1"),
        (
            f'print(\'{{"apiVersion": "{V1}", "kind": "ExecCredential"}}\')',
            "answered without a token and without a cert",
        ),
    ],
)
async def test_an_answer_that_is_none_is_said(
    program: Program, clock: ManualClock, given: Given, last: str, message: str
) -> None:
    program.does(last)
    with pytest.raises(Misconfigured, match=f"the credential plugin {sys.executable} {message}"):
        await program.credentials(clock, given).token()


async def test_half_a_certificate_and_a_time_without_a_zone_are_refused(
    program: Program, clock: ManualClock, given: Given
) -> None:
    program.answers({"clientCertificateData": "CERT"})
    with pytest.raises(Misconfigured, match="a certificate without its key"):
        await program.credentials(clock, given).token()
    program.answers({"token": "abc", "expirationTimestamp": "2026-01-01T00:01:00"})
    with pytest.raises(Misconfigured, match="without a zone"):
        await program.credentials(clock, given).token()


async def test_a_program_that_does_not_end_is_ended(
    program: Program, clock: ManualClock, given: Given, monkeypatch: pytest.MonkeyPatch
) -> None:
    program.does("time.sleep(1000)")
    credentials = program.credentials(clock, given)
    monkeypatch.setattr(credentials, "_timeout_s", 0.2)
    with pytest.raises(Misconfigured, match="did not end in time"):
        await credentials.token()


async def test_a_program_that_is_not_there_is_said_with_its_own_hint(
    program: Program, clock: ManualClock, given: Given
) -> None:
    credentials = program.credentials(clock, given, command="/nowhere/plugin", install_hint="see the wiki\n")
    with pytest.raises(Misconfigured, match=r"/nowhere/plugin cannot be started .*: see the wiki$"):
        await credentials.token()


async def test_a_program_that_needs_a_person_is_not_started_without_a_terminal(
    program: Program, clock: ManualClock, given: Given
) -> None:
    with pytest.raises(Misconfigured, match="there is no terminal"):
        await program.credentials(clock, given, interactive_mode="Always").token()


async def test_a_version_that_is_not_known_is_refused(program: Program, clock: ManualClock, given: Given) -> None:
    old = "client.authentication.k8s.io/v1alpha1"
    with pytest.raises(Misconfigured, match=r"speaks client.authentication.k8s.io/v1alpha1; .*v1 and .*v1beta1 are"):
        await program.credentials(clock, given, api_version=old).token()
