"""The demo's namespaces, with other commands on stage."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from demo import stage

OUTSIDE = "import sys, os; from demo import stage; sys.exit(stage.Stage(sys.argv[1:], os.environ).run())"
ROOT = Path(__file__).resolve().parents[3]
PATIENT = "trap 'echo asked; exit 5' TERM; echo playing; while :; do sleep 0.05; done"
WAIT_S = 20


def perform(script: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", OUTSIDE, "sh", "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )


def next_line(playing: subprocess.Popen[str]) -> str:
    assert playing.stdout is not None
    return playing.stdout.readline().strip()


def test_the_machines_own_mesh_is_out_of_sight() -> None:
    environ = {"HAUBERK_SOCKET": "/run/hauberk/api.sock", "HAUBERK_PROXY_BINARY": "/p", "PATH": "/bin", "LANG": "C"}
    seen = stage.environment(environ)
    assert "HAUBERK_SOCKET" not in seen
    assert (seen["HAUBERK_PROXY_BINARY"], seen["LANG"]) == ("/p", "C")
    assert seen["PATH"].split(":") == ["/bin", "/usr/sbin", "/sbin"]


@pytest.mark.root
def test_the_exit_code_passes_and_what_was_made_is_gone(tmp_path: Path) -> None:
    playing = perform("echo $$; mkdir /run/hauberk && ip link add hauberk0 type bridge && exit 7")
    out, _ = playing.communicate(timeout=WAIT_S)
    assert (out, playing.returncode) == ("1\n", 7)
    links = subprocess.run(["ip", "-oneline", "link"], capture_output=True, text=True, check=True).stdout
    assert "hauberk0" not in links
    assert not list(tmp_path.iterdir())


@pytest.mark.root
@pytest.mark.parametrize("number", stage.ENDING_SIGNALS)
def test_a_signal_asks_for_an_end_in_order(number: signal.Signals) -> None:
    playing = perform(PATIENT)
    assert next_line(playing) == "playing"
    playing.send_signal(number)
    out, _ = playing.communicate(timeout=WAIT_S)
    assert (out, playing.returncode) == ("asked\n", 5)


@pytest.mark.root
def test_a_signal_that_comes_before_anybody_listens_is_not_lost() -> None:
    playing = perform(f"echo early; read line < /dev/zero; {PATIENT}".replace("read line < /dev/zero", "sleep 0.3"))
    assert next_line(playing) == "early"
    playing.send_signal(signal.SIGINT)
    out, _ = playing.communicate(timeout=WAIT_S)
    assert out.splitlines()[-1] == "asked"


@pytest.mark.root
def test_nobody_survives_a_killed_demo() -> None:
    playing = perform("trap '' TERM; (trap '' TERM; sleep 1000) & echo playing; wait")
    assert next_line(playing) == "playing"
    playing.kill()
    # The pipe ends with the last process that holds it.
    out, _ = playing.communicate(timeout=WAIT_S)
    assert out == ""


@pytest.mark.root
def test_who_insists_is_heard_at_once() -> None:
    playing = perform("trap 'echo not now' TERM; echo playing; while :; do sleep 0.05; done")
    assert next_line(playing) == "playing"
    playing.send_signal(signal.SIGINT)
    assert next_line(playing) == "not now"
    playing.send_signal(signal.SIGINT)
    playing.communicate(timeout=WAIT_S)
    assert playing.returncode != 0
