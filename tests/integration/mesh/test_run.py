"""`hauberk run` as a person meets it: codes, signals, streams, users, rights."""

import os
import pwd
import signal
import subprocess
import sys
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from meshkit.mesh import Mesh
from meshkit.process import is_dead
from meshkit.tls import identity, shown_by
from meshkit.until import until
from meshkit.workload import Workload

NET_ADMIN = 12  # capabilities(7)


def ended(workload: Workload) -> tuple[int, str]:
    return workload.wait(), workload.stdout.read_text()


def test_the_exit_code_is_the_programs(mesh: Mesh) -> None:
    runs = {
        0: ["true"],
        7: ["sh", "-c", "exit 7"],
        128 + signal.SIGKILL: ["sh", "-c", "kill -KILL $$"],
        127: ["/no/such/program"],
        126: ["/etc"],
    }
    started = {code: mesh.run("codes", argv) for code, argv in runs.items()}
    assert {code: workload.wait() for code, workload in started.items()} == {code: code for code in runs}
    assert not [pod for pod in mesh.api.pods() if pod["metadata"]["labels"]["app"] == "codes"]


def test_standard_streams_are_the_programs_own(mesh: Mesh) -> None:
    workload = mesh.run("streams", ["sh", "-c", "cat; echo told >&2"], stdin=subprocess.PIPE)
    assert workload.process.stdin is not None
    sent = os.urandom(300_000)
    workload.process.stdin.write(sent)
    workload.process.stdin.close()
    assert workload.wait() == 0
    assert (workload.stdout.read_bytes(), workload.stderr.read_bytes()) == (sent, b"told\n")


def test_signals_reach_the_program(mesh: Mesh) -> None:
    script = "trap 'echo hup' HUP; trap 'echo term; exit 3' TERM; echo on; while :; do sleep 0.02; done"
    workload = mesh.run("signals", ["sh", "-c", script])
    until("the program runs", lambda: "on\n" in workload.said(), seen=workload.said)
    workload.process.send_signal(signal.SIGHUP)
    until("SIGHUP arrives", lambda: "hup\n" in workload.said(), seen=workload.said)
    workload.process.send_signal(signal.SIGTERM)
    assert ended(workload) == (3, "on\nhup\nterm\n")


def test_a_program_runs_as_who_called_sudo_or_as_another_user(mesh: Mesh) -> None:
    nobody = pwd.getpwnam("nobody")
    asked = mesh.run("who", ["id", "-u"], "--user", "nobody")
    with_group = mesh.run("who", ["sh", "-c", "id -u; id -g"], "--user", "1234:4321")
    invoker = mesh.run("who", ["id", "-u"], env={"SUDO_UID": str(nobody.pw_uid)})
    assert ended(asked) == (0, f"{nobody.pw_uid}\n")
    assert ended(with_group) == (0, "1234\n4321\n")
    assert ended(invoker) == (0, f"{nobody.pw_uid}\n")


def test_the_proxys_user_is_nobody_elses(mesh: Mesh) -> None:
    for user in ("2102", "0:2102"):
        refused = mesh.run("proxy-user", ["true"], "--user", user)
        assert refused.wait() == 125
        assert "2102" in refused.said()
        assert "--user" in refused.said()


def test_no_program_may_change_the_network(mesh: Mesh) -> None:
    """Nor may one that is root become what changes it."""
    tries = "grep ^Cap /proc/self/status; nft flush ruleset; ip link set eth0 down; setpriv --reuid 2102 true"
    for user in ("0:0", "nobody"):
        workload = mesh.run("rights", ["sh", "-c", tries], "--user", user)
        workload.wait()
        sets = dict(line.split(":\t") for line in workload.stdout.read_text().splitlines())
        assert set(sets) >= {"CapEff", "CapPrm", "CapBnd", "CapAmb"}
        assert not any(int(value, 16) >> NET_ADMIN & 1 for value in sets.values())
        assert workload.stderr.read_text().count("not permitted") >= 2, workload.said()


def test_env_and_workdir_are_the_programs(mesh: Mesh, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    words = ["sh", "-c", 'echo "$GREETING $PWD"; pwd']
    workload = mesh.run("place", words, "--env", "GREETING=good day", "--workdir", str(tmp_path))
    assert ended(workload) == (0, f"good day {tmp_path}\n{tmp_path}\n")


def test_a_program_that_ends_at_once_is_gone_at_once(mesh: Mesh) -> None:
    workload = mesh.run("short", [sys.executable, "-c", "raise SystemExit(4)"], ports=["80:8080"])
    assert workload.wait() == 4
    assert not [pod for pod in mesh.api.pods() if pod["metadata"]["labels"]["app"] == "short"]
    assert not list((mesh.runtime / "workloads").glob("short-*"))


def test_without_a_control_plane_it_is_said_what_to_do(mesh: Mesh, tmp_path: Path) -> None:
    lost = mesh.run("lost", ["true"], env={"HAUBERK_SOCKET": str(tmp_path / "no.sock")})
    assert lost.wait() == 125
    assert "hauberk up" in lost.said()


def test_another_implementation_of_the_proxy_gets_its_contract(mesh: Mesh) -> None:
    """Ours plays it: it takes the key and the request for a certificate that are in its identity directory."""
    binary = os.environ["HAUBERK_PROXY_BINARY"]
    workload = mesh.run("foreign", ["sleep", "infinity"], "--proxy-binary", binary).ready()
    directory = mesh.runtime / "workloads" / workload.pod / "identity"
    key = serialization.load_der_private_key((directory / "key.p8").read_bytes(), None)
    request = x509.load_der_x509_csr((directory / "csr.der").read_bytes())
    shown = shown_by((workload.ip, 8080), identity("foreign"))
    assert shown.public_key() == request.public_key() == key.public_key()
    assert {file.name for file in directory.iterdir()} >= {"key.p8", "csr.der", "token"}
    assert workload.stop() == 128 + signal.SIGTERM


def test_a_killed_runner_takes_all_along_and_the_next_command_removes_the_rest(mesh: Mesh) -> None:
    workload = mesh.run("killed", ["sh", "-c", "setsid sleep infinity & exec sleep infinity"]).ready()
    directory = mesh.runtime / "workloads" / workload.pod
    inside = [*workload.children()]
    assert len(inside) >= 3, "proxy, program and guard"
    os.kill(workload.process.pid, signal.SIGKILL)
    workload.wait()
    until("its processes are gone", lambda: all(map(is_dead, inside)))
    assert directory.exists()
    assert mesh.run("next", ["true"]).wait() == 0
    assert not directory.exists()
    assert mesh.api.pod(workload.pod) is None
