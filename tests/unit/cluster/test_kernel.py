"""What is kept of the kernel's settings, seen of its mounts, and made of its cgroups."""

import subprocess
from pathlib import Path

import pytest

from cluster import commands, files, groups, lock, mounts, strays, tunables
from cluster.failure import ClusterFailed

MOUNTS = """\
proc /proc proc rw 0 0
tmpfs /run/it/n1 tmpfs rw 0 0
overlay /run/it/n1/rootfs overlay rw 0 0
tmpfs /run/it/n1/with\\040blank tmpfs rw 0 0
tmpfs /run/it/n10/volume tmpfs rw 0 0
"""


def test_what_was_mounted_last_is_unmounted_first_and_nothing_beside() -> None:
    folder = Path("/run/it/n1")
    assert mounts.below(MOUNTS, folder) == [folder / "with blank", folder / "rootfs"]


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    root = tmp_path / "sys"
    for name in tunables.NAMES:
        files.write(root / name, "0\n")
    return root


def test_settings_are_put_back_as_they_were_before_the_first_kubelet(tmp_path: Path, settings: Path) -> None:
    note = tmp_path / "note"
    tunables.note(note, settings)
    (settings / "kernel/panic").write_text("10\n")
    tunables.note(note, settings)
    tunables.restore(note, settings)
    assert (settings / "kernel/panic").read_text() == "0"
    (settings / "kernel/panic").write_text("5\n")
    tunables.restore(note, settings)
    assert (settings / "kernel/panic").read_text() == "5\n"


def version_1(root: Path) -> Path:
    for name in ("cpuset", "memory", "pids", "systemd", "unified"):
        (root / name).mkdir(parents=True)
    for name in ("cpuset.cpus", "cpuset.mems"):
        (root / "cpuset" / name).write_text("0-1\n")
    (root / "alias").symlink_to("memory")
    return root


def test_a_node_has_a_group_in_every_hierarchy_of_version_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = version_1(tmp_path / "cgroup")
    made_by_kernel = Path.mkdir

    def mkdir(path: Path, mode: int = 0o777, parents: bool = False, exist_ok: bool = False) -> None:
        made_by_kernel(path, mode, parents, exist_ok)
        if path.is_relative_to(root / "cpuset"):
            for name in ("cpuset.cpus", "cpuset.mems"):
                (path / name).write_text("\n")

    monkeypatch.setattr(Path, "mkdir", mkdir)
    entries = groups.make("hbk-n1", root)
    assert entries == [root / name / "hbk-n1" / "runtime" / "cgroup.procs" for name in ("pids", "systemd")]
    assert (root / "cpuset/hbk-n1/runtime/cpuset.cpus").read_text() == "0-1"
    assert all((root / name / "hbk-n1").is_dir() for name in ("memory", "unified"))
    assert groups.names("hbk-n", root) == {"hbk-n1"}


def test_version_2_gives_controllers_to_the_groups_below(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "cgroup"
    for folder in (root, root / "hbk-n1"):
        files.write(folder / "cgroup.controllers", "cpu memory rdma\n")
        files.write(folder / "cgroup.subtree_control", "cpu\n")
    written: list[tuple[Path, str]] = []
    monkeypatch.setattr(Path, "write_text", lambda path, text: written.append((path, text)))
    assert groups.make("hbk-n1", root) == [root / "hbk-n1" / "runtime" / "cgroup.procs"]
    assert written == [(folder / "cgroup.subtree_control", "+memory") for folder in (root, root / "hbk-n1")]


def test_members_are_found_in_every_hierarchy_and_below(tmp_path: Path) -> None:
    root = version_1(tmp_path / "cgroup")
    files.write(root / "pids/hbk-n1/kubepods/pod/cgroup.procs", "12\n13\n")
    files.write(root / "memory/hbk-n1/cgroup.procs", "14\n")
    files.write(root / "pids/hbk-n2/cgroup.procs", "15\n")
    assert groups.members("hbk-n1", root) == {12, 13, 14}
    assert groups.members("hbk-n3", root) == set()


def test_a_process_of_another_group_is_not_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if its id had belonged to a process of the group a moment ago."""
    monkeypatch.setattr(groups, "_TIMEOUT_S", 0.1)
    root = version_1(tmp_path / "cgroup")
    with subprocess.Popen(["sleep", "60"]) as stranger:
        files.write(root / "pids/hbk-n1/cgroup.procs", f"{stranger.pid}\n")
        with pytest.raises(ClusterFailed, match="processes in hbk-n1 did not come"):
            groups.kill("hbk-n1", root)
        assert stranger.poll() is None
        stranger.kill()


def test_links_to_logs_go_even_if_the_logs_are_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "n1"
    for name in ("LINKS", "RESULTS", "SOCKETS"):
        monkeypatch.setattr(strays, name, tmp_path / name)
        (tmp_path / name).mkdir()
    (tmp_path / "LINKS" / "ours.log").symlink_to(folder / "pods" / "gone.log")
    (tmp_path / "LINKS" / "theirs.log").symlink_to(tmp_path / "n2" / "pods" / "gone.log")
    for name in ("hbk-n1-abc-eth0", "cni-loopback-abc-lo", "cni-loopback-def-lo", "hbk-n2-def-eth0"):
        (tmp_path / "RESULTS" / name).touch()
    for name in ("ours", "theirs"):
        (tmp_path / "SOCKETS" / name).touch()
    address = folder / "containerd/state/io.containerd.runtime.v2.task/k8s.io/abc/address"
    files.write(address, f"unix://{tmp_path / 'SOCKETS' / 'ours'}")
    strays.remove(1, folder)
    left = {name: sorted(path.name for path in (tmp_path / name).iterdir()) for name in ("LINKS", "RESULTS", "SOCKETS")}
    assert left == {
        "LINKS": ["theirs.log"],
        "RESULTS": ["cni-loopback-def-lo", "hbk-n2-def-eth0"],
        "SOCKETS": ["theirs"],
    }


def test_a_secret_is_never_readable_by_others(tmp_path: Path) -> None:
    for text in ("one", "two"):
        files.write(tmp_path / "key", text, 0o600)
        assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["key"]
    assert files.differs(tmp_path / "key", "one")
    assert not files.differs(tmp_path / "key", "two")


def test_two_commands_do_not_change_a_cluster_at_once(tmp_path: Path) -> None:
    with (
        lock.held(tmp_path / "lock"),
        pytest.raises(ClusterFailed, match="another command"),
        lock.held(tmp_path / "lock"),
    ):
        pass
    with lock.held(tmp_path / "lock"):
        pass


def test_a_command_that_fails_says_why() -> None:
    assert commands.run(["cat"], given="word") == "word"
    with pytest.raises(ClusterFailed, match=r"(?s)`sh -c .*` ended with 3:\n    bad"):
        commands.run(["sh", "-c", "echo bad >&2; exit 3"])
    with pytest.raises(ClusterFailed, match="no-such-program cannot be run"):
        commands.run(["no-such-program"])
    with pytest.raises(ClusterFailed, match="did not end within 0 s"):
        commands.run(["sleep", "60"], timeout_s=0.05)
    assert commands.attempt(["false"]) is None


def test_the_clusters_programs_see_no_proxy_for_http() -> None:
    seen = commands.environment({"HTTPS_PROXY": "http://it", "PATH": "/bin", "KUBECONFIG": "/k"})
    assert set(seen) == {"PATH", "HOME", "LANG"}
    assert seen["PATH"].split(":") == ["/bin", "/usr/sbin", "/sbin"]
