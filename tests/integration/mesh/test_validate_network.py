"""`hauberk-proxy validate-network`: it succeeds where connections are redirected, and nowhere else."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from meshkit.bare import HUB, HUB6, PROXY_UID, Host, Net, listening
from meshkit.start import BUILT, PROGRAMS
from meshkit.until import WITHIN_S

POD, POD6 = "10.99.0.7", "fd99::7"
NOBODY = 65534
NOT_REDIRECTED = 95
"""Its exit code, Linkerd's validator's too."""
NOTHING_THERE = {
    "HAUBERK_PROXY_IDENTITY_TRUST_ANCHORS_FILE": "/nowhere",
    **{
        f"LINKERD2_PROXY_{name}": value
        for name, value in {
            "IDENTITY_LOCAL_NAME": "web.default.test",
            "IDENTITY_DIR": "/nowhere",
            "IDENTITY_TOKEN_FILE": "/nowhere",
            "IDENTITY_SVC_ADDR": "127.0.0.1:9",
            "IDENTITY_SVC_NAME": "identity.test",
            "DESTINATION_SVC_ADDR": "127.0.0.1:9",
            "DESTINATION_SVC_NAME": "destination.test",
            "POLICY_SVC_ADDR": "127.0.0.1:9",
            "POLICY_SVC_NAME": "destination.test",
            "POLICY_WORKLOAD": "{}",
        }.items()
    },
}
"""A proxy without a control plane: it waits."""


@pytest.fixture
def pod() -> Iterator[Host]:
    root = Path(tempfile.mkdtemp(prefix="hb-valid-"))
    root.chmod(0o711)
    try:
        with Net(root) as net:
            pod = net.host("pod", POD)
            net.add_ipv6(pod, POD6)
            net.hub.start("names.log", sys.executable, str(PROGRAMS / "naming.py"), "hub=20001")
            listening(net.hub, 20001)
            yield pod
    finally:
        shutil.rmtree(root)


def validate(host: Host, *options: str, uid: int = NOBODY) -> subprocess.CompletedProcess[bytes]:
    """As its container runs: nobody in particular, with no capability."""
    as_user = ("setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--no-new-privs", "--bounding-set=-all")
    return host.execute(*as_user, binary(), "validate-network", *options)


def binary() -> str:
    return os.environ.get("HAUBERK_PROXY_BINARY", str(BUILT))


@pytest.mark.parametrize("mode", ["nft", "iptables"])
def test_redirected_connections_of_both_families_are_seen(pod: Host, mode: str) -> None:
    pod.must(binary(), "redirect", "--mode", mode)
    done = validate(pod)
    assert done.returncode == 0, done.stderr
    assert done.stderr.decode().endswith("are redirected (192.0.2.1:20001, [2001:db8::1]:20001)\n")


@pytest.mark.parametrize("to", [f"{HUB}:20001", f"[{HUB6}]:20001", f"{HUB}:9"])
def test_what_reaches_the_outside_or_is_refused_there_is_not_redirected(pod: Host, to: str) -> None:
    done = validate(pod, "--connect-addr", to, "--timeout", "300ms")
    assert done.returncode == 1
    assert b"look whether the CNI plugin runs" in done.stderr


def test_one_family_that_is_not_redirected_is_enough_to_fail(pod: Host) -> None:
    pod.must(binary(), "redirect")
    pod.must("nft", "insert", "rule", "inet", "hauberk", "outbound", "meta", "nfproto", "ipv6", "return")
    pod.must("nft", "flush", "chain", "inet", "hauberk", "egress")
    done = validate(pod, "--timeout", "300ms")
    assert done.returncode == 1
    assert b"[2001:db8::1]:20001 did not come" in done.stderr


def test_another_port_is_told_by_the_address_to_listen_on(pod: Host) -> None:
    pod.must(binary(), "redirect", "--outbound-port", "5140")
    assert validate(pod, "--timeout", "300ms").returncode == 1
    for listen in ("127.0.0.1:5140", "0.0.0.0:5140"):
        assert validate(pod, "--listen-addr", listen, "--connect-addr", "192.0.2.1:20001").returncode == 0
    assert validate(pod, "--listen-addr", "[::]:5140").returncode == 0


def test_without_ipv6_only_the_other_family_is_tried(pod: Host) -> None:
    for interface in ("all", "eth0"):
        pod.must("sysctl", "-w", f"net.ipv6.conf.{interface}.disable_ipv6=1")
    pod.must(binary(), "redirect")
    done = validate(pod)
    assert (done.returncode, b"2001:db8" in done.stderr) == (0, False), done.stderr


def test_a_network_without_any_way_out_fails(pod: Host) -> None:
    for family in ("-4", "-6"):
        pod.must("ip", family, "route", "flush", "table", "main")
    done = validate(pod)
    assert (done.returncode, b"no route to the outside" in done.stderr) == (1, True), done.stderr


def test_as_the_proxys_own_user_other_addresses_tell_nothing(pod: Host) -> None:
    pod.must(binary(), "redirect", "--skip-subnets", "0.0.0.0/0,::/0")
    done = validate(pod, "--connect-addr", f"{HUB}:20001", uid=PROXY_UID)
    assert (done.returncode, b"runAsUser" in done.stderr) == (1, True), done.stderr
    assert validate(pod, uid=PROXY_UID).returncode == 0


def test_whoever_calls_meanwhile_and_says_nothing_is_not_waited_for(pod: Host) -> None:
    pod.must(binary(), "redirect")
    silent = (
        "import socket, time\n"
        "held = []\n"
        "while True:\n"
        "    try: held.append(socket.create_connection(('203.0.113.9', 443), 1))\n"
        "    except OSError: pass\n"
        "    time.sleep(0.001)\n"
    )
    pod.start(
        "silent.log",
        "setpriv",
        f"--reuid={NOBODY}",
        f"--regid={NOBODY}",
        "--clear-groups",
        sys.executable,
        "-c",
        silent,
    )
    for _ in range(20):
        done = validate(pod, "--timeout", "2s", uid=PROXY_UID)
        assert done.returncode == 0, done.stderr


def test_a_proxy_that_is_told_to_looks_itself_before_it_does_anything(pod: Host) -> None:
    settings = {**NOTHING_THERE, "HAUBERK_PROXY_VALIDATE_REDIRECT": "300ms"}
    as_proxy = ("setpriv", f"--reuid={PROXY_UID}", f"--regid={PROXY_UID}", "--clear-groups")
    bare = pod.start("bare.log", *as_proxy, binary(), env=settings)
    assert bare.wait(WITHIN_S) == NOT_REDIRECTED
    assert "look whether the CNI plugin runs" in (pod.directory / "bare.log").read_text()
    pod.must(binary(), "redirect")
    proxy = pod.start("proxy.log", *as_proxy, binary(), env=settings)
    listening(pod, 4191)
    assert "are redirected (192.0.2.1:20001, [2001:db8::1]:20001)" in (pod.directory / "proxy.log").read_text()
    assert proxy.poll() is None


def test_beside_the_proxy_it_says_that_the_port_is_taken(pod: Host) -> None:
    pod.must(binary(), "redirect")
    pod.start("names.log", sys.executable, str(PROGRAMS / "naming.py"), "proxy=4140")
    listening(pod, 4140)
    done = validate(pod)
    assert (done.returncode, b"before the proxy" in done.stderr) == (1, True), done.stderr
