"""Help, errors and exit codes of all commands."""

import os
from pathlib import Path

import pytest
from shell import Hauberk

from hauberk.cli.main import COMMANDS

NAMES = [name for _, commands in COMMANDS for name, _ in commands]
DIAGNOSTICS = ["endpoints", "policy", "profile", "proxy-metrics"]


@pytest.mark.parametrize("words", [(), *((name,) for name in NAMES), *(("diagnostics", name) for name in DIAGNOSTICS)])
def test_every_help_has_examples(hauberk: Hauberk, words: tuple[str, ...]) -> None:
    result = hauberk(*words, "--help")
    assert result.code == 0
    assert "Examples:\n" in result.out
    assert "\b" not in result.out


@pytest.mark.parametrize("words", [("get", "pods"), ("stat",), ("edges",), ("identity", "web"), ("apply", "-f", "-")])
def test_a_control_plane_that_is_away_is_one_error_and_one_hint(hauberk: Hauberk, words: tuple[str, ...]) -> None:
    manifest = "{apiVersion: v1, kind: Namespace, metadata: {name: shop}}"
    result = hauberk(*words, stdin=manifest)
    assert (result.code, result.out) == (1, "")
    error, hint = result.err.splitlines()
    assert error.startswith("error: the control plane does not answer")
    assert hint.startswith("hint: start it with `hauberk up`")


def test_version_goes_without_a_control_plane(hauberk: Hauberk) -> None:
    result = hauberk("version")
    assert result.code == 0
    assert "Server version: unavailable" in result.out


@pytest.mark.usefixtures("api")
def test_version_tells_the_control_planes(hauberk: Hauberk) -> None:
    client, server = hauberk("version").out.splitlines()
    assert client.removeprefix("Client") == server.removeprefix("Server")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("get", "unicorns"), "there is no kind 'unicorns'"),
        (("get", "pods", "-n", "a", "-A"), "exclude each other"),
        (("get", "pods/a", "b"), "is not KIND/NAME"),
        (("delete",), "say what to delete"),
        (("stat", "unicorns"), "nothing to tell"),
        (("stat", "-t", "soon"), "'soon' must be"),
        (("diagnostics", "policy", "server/web", "80"), "neither pod/NAME nor service/NAME"),
    ],
)
def test_wrong_usage_ends_with_2(hauberk: Hauberk, words: tuple[str, ...], said: str) -> None:
    result = hauberk(*words)
    assert result.code == 2
    assert said in result.err


def test_a_missing_file_is_named(hauberk: Hauberk, tmp_path: Path) -> None:
    result = hauberk("apply", "-f", str(tmp_path / "nope.yaml"))
    assert result.code == 1
    assert f"{tmp_path}/nope.yaml: No such file or directory" in result.err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_name_the_tool(hauberk: Hauberk, shell: str) -> None:
    assert "_HAUBERK_COMPLETE" in hauberk("completion", shell).out


def test_a_setting_of_up_that_makes_no_sense_is_wrong_usage(hauberk: Hauberk) -> None:
    result = hauberk("up", "--pod-network", "everything")
    assert result.code == 2
    assert "--pod-network=everything: must be" in result.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--name", "web", "--port", "4143", "--", "true"), "port 4143 is the proxy's own"),
        (("--name", "web", "--ready-http", "health", "--", "true"), "write /PATH or PORT/PATH"),
        (("--name", "web", "--env", "REGION", "--", "true"), "'REGION' is not KEY=VALUE"),
        (("--name", "web", "--workdir", "/nowhere", "--", "true"), "/nowhere is no directory"),
        (("--name", "web"), "Missing argument"),
        (("--name",), "requires an argument"),
    ],
)
def test_run_never_answers_wrong_usage_with_a_code_of_the_programs(
    hauberk: Hauberk, words: tuple[str, ...], said: str
) -> None:
    result = hauberk("run", *words)
    assert result.code == 125
    assert said in result.err


def test_run_without_root_says_what_is_needed(hauberk: Hauberk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    result = hauberk("run", "--name", "web", "--", "true")
    assert result.code == 125
    assert "programs enter the mesh as root" in result.err
