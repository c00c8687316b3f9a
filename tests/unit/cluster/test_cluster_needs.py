"""What is missing is said before anything begins."""

from pathlib import Path

import pytest

from cluster import containerd, needs
from cluster.__main__ import main
from cluster.failure import ClusterFailed
from cluster.places import Places


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    """One that has all: programs, plugins, built ones and images."""
    places = Places(tmp_path / "home")
    monkeypatch.setattr(containerd, "PLUGINS", (tmp_path / "cni",))
    monkeypatch.setattr("cluster.commands._ADMIN_FOLDERS", str(tmp_path / "sbin"))
    programs = [tmp_path / "sbin" / name for name in needs.PROGRAMS]
    plugins = [tmp_path / "cni" / name for name in ("bridge", "host-local", "loopback", "portmap")]
    built = [places.bin / name for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler")]
    built += [places.bin / name for name in ("kubelet", "kube-proxy", "kubectl")]
    images = [places.images / name for name in ("pause.tar", "coredns.tar")]
    for path in [*programs, *plugins, *built, *images]:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(0o755)
    return places


def check(places: Places, *, uid: int = 0) -> None:
    needs.check(places, {"PATH": "/nonexistent"}, uid=uid)


def test_a_machine_that_has_all_will_do(machine: Places) -> None:
    check(machine)


def test_it_needs_root(machine: Places) -> None:
    with pytest.raises(ClusterFailed, match="needs root"):
        check(machine, uid=1000)


def test_packages_are_named(machine: Places, tmp_path: Path) -> None:
    for name in ("sbin/etcd", "sbin/ctr", "cni/portmap"):
        (tmp_path / name).unlink()
    with pytest.raises(ClusterFailed, match="missing: containerd containernetworking-plugins etcd-server"):
        check(machine)


def test_what_is_not_built_is_named(machine: Places) -> None:
    (machine.bin / "kubelet").unlink()
    (machine.images / "coredns.tar").unlink()
    with pytest.raises(ClusterFailed, match=r"kubelet, coredns\.tar: not built"):
        check(machine)


def test_the_shell_is_told_where_the_cluster_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HAUBERK_CLUSTER_HOME", str(tmp_path))
    assert main(["env"]) == 0
    expected = f'export KUBECONFIG={tmp_path}/run/admin.kubeconfig PATH={tmp_path}/bin:"$PATH"\n'
    assert capsys.readouterr().out == expected


def test_a_cluster_that_does_not_run_is_not_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HAUBERK_CLUSTER_HOME", str(tmp_path))
    (tmp_path / "run" / "pids").mkdir(parents=True)
    (tmp_path / "run" / "pids" / "etcd").write_text("1 1\n")
    assert main(["status", "--output", "json"]) == 1
    told = capsys.readouterr().out
    assert '"up": false' in told
    assert '"pid": null' in told


def test_a_part_that_there_is_not_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["build", "nothing"])
    assert "nothing is none of kubernetes, coredns" in capsys.readouterr().err
