"""Networks, cgroups and mounts of a real kernel: in namespaces of the test's own, where there are such."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cluster import groups, mounts
from cluster.daemon import Daemon
from cluster.daemons import Daemons

pytestmark = pytest.mark.root
ROOT = Path(__file__).resolve().parents[3]
NETWORK = """
import json, subprocess
from pathlib import Path
from cluster import commands, network
from cluster.failure import ClusterFailed

owner, told = Path("/home/one"), {}
for _ in range(2):
    network.make_bridge(owner)
    for number in (1, 2):
        network.make_node(number, 2)
# As an attempt leaves it that is killed between two steps.
subprocess.run(["ip", "-netns", "hbk-n2", "link", "delete", "eth0"], check=True)
network.make_node(2, 2)
told["made"] = network.left()
told["routes"] = json.loads(commands.run(network.inside(1, ["ip", "-json", "route"])))
told["forward"] = commands.run(network.inside(1, ["cat", "/proc/sys/net/ipv4/ip_forward"])).strip()
told["outside"] = Path("/proc/sys/net/ipv4/ip_forward").read_text().strip()
try:
    network.make_bridge(Path("/home/two"))
except ClusterFailed as failure:
    told["refused"] = str(failure)
network.remove_bridge(Path("/home/two"))
told["kept"] = network.left()
for _ in range(2):
    for number in (1, 2):
        network.remove_node(number)
    network.remove_bridge(owner)
told["left"] = network.left()
print(json.dumps(told))
"""


def test_nodes_have_a_network_which_goes_without_a_trace() -> None:
    # /sys shows the network of whoever mounted it.
    furnish = 'mount -t tmpfs tmpfs /run && mount -t sysfs sysfs /sys && ip link set lo up && exec "$@"'
    argv = ["unshare", "--net", "--mount", "--", "sh", "-c", furnish, "sh", sys.executable, "-c"]
    done = subprocess.run([*argv, NETWORK], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["made"] == told["kept"] == ["hbk-n1", "hbk-n2", "hbk-v1", "hbk-v2", "hbk0"]
    assert told["left"] == []
    ways = {route["dst"]: route.get("gateway") for route in told["routes"]}
    assert ways == {"default": "10.124.0.1", "10.124.0.0/24": None, "10.125.2.0/24": "10.124.0.12"}
    assert told["forward"] == "1"
    assert "HAUBERK_CLUSTER_HOME=/home/one python -m cluster down" in told["refused"]


@pytest.fixture
def group() -> Iterator[str]:
    name = f"hbk-test-{os.getpid()}"
    yield name
    if groups.present(name):
        groups.kill(name)
        groups.remove(name)


def test_all_that_a_program_starts_is_found_and_ended_by_its_group(tmp_path: Path, group: str) -> None:
    daemons = Daemons(tmp_path / "pids", tmp_path / "logs")
    entries = groups.make(group)
    assert groups.make(group) == entries
    script = "setsid sleep 60 & setsid sleep 60 & echo ready; wait"
    daemons.start(Daemon("parent", ("sh", "-c", script), groups=entries))
    daemons.wait("children", lambda: len(groups.members(group)) == 3 or None, 10, by=["parent"])
    daemons.stop("parent")
    orphans = groups.members(group)
    assert len(orphans) == 2
    groups.kill(group)
    assert groups.members(group) == set()
    groups.remove(group)
    assert not groups.present(group)
    groups.kill(group)
    groups.remove(group)


def test_mounts_below_a_folder_are_released(tmp_path: Path) -> None:
    folder, beside = tmp_path / "n1", tmp_path / "n10"
    for path in (folder / "with blank", beside):
        path.mkdir(parents=True)
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", path], check=True)
    (folder / "with blank" / "deeper").mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder / "with blank" / "deeper"], check=True)
    try:
        assert len(mounts.present(folder)) == 2
        mounts.release(folder)
        assert mounts.present(folder) == []
        assert mounts.present(tmp_path) == [beside]
    finally:
        mounts.release(tmp_path)
