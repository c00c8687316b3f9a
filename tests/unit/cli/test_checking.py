"""What `check` looks at, for how long, and what it says of a cluster that cannot be asked."""

import json
from pathlib import Path

import pytest
from shell import Hauberk

from hauberk.check.report import Category, Check
from hauberk.cli import checking, failure
from hauberk.client.errors import Forbidden

CLUSTER = ("kubeconfig", "context", "as_user", "as_groups", "pre", "proxy", "mesh_namespace")
NONE = dict.fromkeys(CLUSTER)
LATER = Check("pods are ready", "error", "not yet", "wait", settles=True)
NEVER = Check("roots are valid", "error", "over", "renew them")


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without a control plane, and without a kubeconfig yet: its place is returned."""
    for name in ("HAUBERK_SOCKET", "HAUBERK_RUNTIME_DIR", "HAUBERK_MESH_NAMESPACE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
    monkeypatch.setattr(checking, "_answers_here", lambda: False)
    return tmp_path / "config"


def test_a_cluster_is_meant_without_a_control_plane_here_and_with_a_kubeconfig(home: Path) -> None:
    assert not checking.is_cluster_meant(NONE, None)
    home.write_text("{}")
    assert checking.is_cluster_meant(NONE, None)


def test_a_control_plane_that_answers_here_comes_first(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home.write_text("{}")
    monkeypatch.setattr(checking, "_answers_here", lambda: True)
    assert not checking.is_cluster_meant(NONE, None)


def test_a_socket_that_somebody_names_comes_first_too(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home.write_text("{}")
    assert not checking.is_cluster_meant(NONE, "/run/api.sock")
    monkeypatch.setenv("HAUBERK_SOCKET", "/run/api.sock")
    assert not checking.is_cluster_meant(NONE, None)


@pytest.mark.parametrize("option", CLUSTER)
def test_an_option_for_clusters_means_one(option: str) -> None:
    assert checking.is_cluster_meant({**NONE, option: "x"}, "/run/api.sock")


class Mesh:
    """Says one thing after the other, and the last one for ever."""

    def __init__(self, *checks: Check) -> None:
        self._left = list(checks)
        self.looked = 0

    async def look(self) -> list[Category]:
        self.looked += 1
        found = self._left.pop(0) if len(self._left) > 1 else self._left[0]
        return [Category("mesh", (found,))]


@pytest.mark.parametrize(
    ("mesh", "wait_s", "looked"),
    [
        (Mesh(Check("well")), 60.0, 1),
        (Mesh(LATER, LATER, Check("well")), 60.0, 3),
        (Mesh(LATER), 0.0, 1),
        (Mesh(NEVER), 60.0, 1),
        (Mesh(LATER, NEVER), 60.0, 2),
        (Mesh(Check("old", "warning", "old", "renew")), 60.0, 1),
    ],
)
async def test_it_waits_only_for_what_may_become_well(
    mesh: Mesh, wait_s: float, looked: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "_STEP_S", 0.0)
    await checking.patiently(mesh.look, wait_s)
    assert mesh.looked == looked


@pytest.mark.parametrize("text", ["5", "soon", "2d"])
def test_a_time_to_wait_that_is_none(hauberk: Hauberk, text: str) -> None:
    result = hauberk("check", "--wait", text)
    assert result.code == failure.USAGE
    assert "--wait" in result.err


@pytest.mark.parametrize("words", [("--mesh-namespace", "Not_A_Name"), ("--nonsense",)])
def test_what_cannot_be_meant_is_an_error_of_usage(hauberk: Hauberk, words: tuple[str, ...]) -> None:
    assert hauberk("check", *words).code == failure.USAGE


@pytest.mark.parametrize("words", [(), ("--pre",)])
def test_a_cluster_that_cannot_be_asked_is_a_finding(hauberk: Hauberk, tmp_path: Path, words: tuple[str, ...]) -> None:
    result = hauberk("check", "--kubeconfig", str(tmp_path / "none"), "-o", "json", *words)
    assert (result.code, result.err) == (1, "")
    (category,) = json.loads(result.out)["categories"]
    (check,) = category["checks"]
    assert (category["categoryName"], check["result"]) == ("kubernetes-api", "error")
    assert str(tmp_path / "none") in check["error"]
    assert check["hint"]


def test_who_is_refused_by_kubernetes_is_told_what_to_ask_for_and_not_to_be_root() -> None:
    words = 'secrets is forbidden: User "me" cannot list resource "secrets" in API group "" in the namespace "a"'
    told = failure.explain(Forbidden(words, code=403))
    assert told is not None
    assert "'me' list secrets" in str(told.hint)
    assert "kubectl auth can-i list secrets -n a" in str(told.hint)


def test_who_is_refused_for_another_reason_or_not_known() -> None:
    hints = {
        message: str(told.hint)
        for message, code in (
            ('pods "a" is forbidden: violates PodSecurity', 403),
            ("Unauthorized", 401),
            ("uid 7 may not do this", 403),
        )
        if (told := failure.explain(Forbidden(message, code=code))) is not None
    }
    assert "can-i --list" in hints['pods "a" is forbidden: violates PodSecurity']
    assert "kubectl auth whoami" in hints["Unauthorized"]
    assert "user id" in hints["uid 7 may not do this"]


def test_the_shell_can_complete_its_options(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from hauberk.cli.main import main

    monkeypatch.setenv("_HAUBERK_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", "hauberk check --")
    monkeypatch.setenv("COMP_CWORD", "2")
    with pytest.raises(SystemExit):
        main(())
    assert {"plain,--pre", "plain,--wait", "plain,--proxy", "plain,--context"} <= set(capsys.readouterr().out.split())


@pytest.mark.parametrize("words", [("--ha",), ("--set", "cni.enabled=true"), ("-f", "values.yaml")])
def test_values_are_of_an_installation_that_is_to_be(home: Path, hauberk: Hauberk, words: tuple[str, ...]) -> None:
    del home
    result = hauberk("check", *words)
    assert result.code == 2
    assert "they go with --pre" in result.err
