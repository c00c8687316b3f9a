"""What a proxy may do to the machine that it runs on: next to nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from meshkit.bare import PROXY_UID
from meshkit.mesh import Mesh
from meshkit.pair import SERVER_IP, Pair, a_pair
from meshkit.workload import Workload, children

FILTERED = "2"  # SECCOMP_MODE_FILTER
GAINS = ("CapInh", "CapPrm", "CapEff", "CapAmb")

# Every mount becomes read-only for what is started, and that it is so is tried.
READ_ONLY = """
awk '{ print $5 }' /proc/self/mountinfo | while read -r mount; do
  mount -o remount,bind,ro "$mount" 2>/dev/null
done
for folder in / /tmp /run /var/tmp; do
  if touch "$folder/written" 2>/dev/null; then echo "$folder can be written"; exit 9; fi
done
exec "$@"
"""


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with a_pair() as pair:
        yield pair


def threads_of(pid: int) -> list[dict[str, str]]:
    statuses = [task / "status" for task in Path(f"/proc/{pid}/task").iterdir()]
    return [dict(line.split(":\t", 1) for line in status.read_text().splitlines()) for status in statuses]


def environment(pid: int) -> bytes:
    return Path(f"/proc/{pid}/environ").read_bytes()


def test_a_proxy_beside_a_program_has_no_rights_and_its_calls_are_filtered(client: Workload) -> None:
    pid = client.proxy()
    assert pid is not None
    threads = threads_of(pid)
    assert len(threads) >= 2, "one that wires and one that carries"
    for thread in threads:
        assert thread["Uid"].split() == [str(PROXY_UID)] * 4
        assert thread["Groups"].strip() == ""
        assert {name: int(thread[name], 16) for name in (*GAINS, "CapBnd")} == dict.fromkeys((*GAINS, "CapBnd"), 0)
        assert (thread["NoNewPrivs"], thread["Seccomp"]) == ("1", FILTERED)


def test_a_proxy_that_somebody_else_starts_confines_itself(pair: Pair) -> None:
    for thread in threads_of(pair.server_proxy.process.pid):
        assert {name: int(thread[name], 16) for name in GAINS} == dict.fromkeys(GAINS, 0)
        assert (thread["NoNewPrivs"], thread["Seccomp"]) == ("1", FILTERED)
    assert "HAUBERK_PROXY_SECCOMP" not in pair.server_proxy.said()


def test_a_forbidden_call_ends_every_proxy_of_these_tests(mesh: Mesh, client: Workload, pair: Pair) -> None:
    front = next(pid for pid in children(mesh.control_plane) if b"HAUBERK_PROXY_FRONT_TARGET=" in environment(pid))
    for pid in (front, client.proxy(), pair.server_proxy.process.pid):
        assert pid is not None
        assert b"\0HAUBERK_PROXY_SECCOMP=kill\0" in b"\0" + environment(pid)


def test_a_proxy_needs_no_file_system_that_can_be_written(pair: Pair) -> None:
    pair.server_proxy.kill()
    pair.server_proxy.start("unshare", "--mount", "sh", "-c", READ_ONLY, "read-only")
    pair.server_proxy.ready()
    with pair.http(8080, SERVER_IP) as http:
        assert http.get("/about").status == 200
    assert "can be written" not in pair.server_proxy.said()
