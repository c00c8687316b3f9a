"""`hauberk-proxy redirect` as an init container runs it: few capabilities, a read-only root, no shell, no PATH."""

import os
import subprocess

import pytest
from meshkit.start import BUILT

BOTH = "+net_admin,+net_raw"
MODES = {"nft": "nf_tables", "iptables-nft": "iptables-nft", "iptables-legacy": "iptables-legacy"}
READ_ONLY = "mount --rbind / /mnt && mount -o remount,bind,ro /mnt && "
"""Everything but what is mounted upon it, /dev/shm among it."""


def redirect(
    mode: str, capabilities: str = BOTH, before: str = "", *, inside: str = ""
) -> subprocess.CompletedProcess[str]:
    binary = os.environ.get("HAUBERK_PROXY_BINARY", str(BUILT))
    limited = f"setpriv --no-new-privs --bounding-set=-all{',' if capabilities else ''}{capabilities}"
    script = f"{before} exec {inside} {limited} env -i {binary} redirect --mode {mode}"
    return subprocess.run(
        ["unshare", "--net", "--mount", "bash", "-c", script], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("mode", MODES)
def test_two_capabilities_are_enough(mode: str) -> None:
    done = redirect(mode)
    assert (done.returncode, done.stderr) == (0, f"hauberk: connections are redirected by {MODES[mode]}\n")


@pytest.mark.parametrize("mode", ["nft", "iptables-nft"])
def test_nf_tables_needs_no_raw_sockets(mode: str) -> None:
    assert redirect(mode, "+net_admin").returncode == 0


@pytest.mark.parametrize(
    ("mode", "capabilities", "missing"),
    [
        ("auto", "", "NET_ADMIN"),
        ("nft", "+net_raw", "NET_ADMIN"),
        ("iptables", "", "NET_ADMIN"),
        ("iptables-legacy", "+net_admin", "NET_RAW"),
    ],
)
def test_the_capability_that_is_missing_is_named(mode: str, capabilities: str, missing: str) -> None:
    done = redirect(mode, capabilities)
    assert done.returncode == 1
    assert missing in done.stderr


def test_what_may_not_be_is_not_tried_by_other_ways() -> None:
    assert "iptables" not in redirect("auto", "").stderr


@pytest.mark.parametrize("mode", MODES)
def test_nothing_has_to_be_written(mode: str) -> None:
    assert redirect(mode, before=READ_ONLY, inside="chroot /mnt").returncode == 0


def test_where_iptables_finds_no_place_for_its_lock_it_is_said() -> None:
    nowhere = READ_ONLY + "mount -o remount,bind,ro /mnt/dev/shm && mount -t tmpfs -o ro none /mnt/run && "
    done = redirect("iptables-legacy", before=nowhere, inside="chroot /mnt")
    assert done.returncode == 1
    assert "emptyDir at /run" in done.stderr
    assert redirect("auto", before=nowhere, inside="chroot /mnt").returncode == 0


@pytest.mark.parametrize("mode", MODES)
def test_ipv6_may_be_off(mode: str) -> None:
    off = "echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6 && ip link set lo up && "
    assert redirect(mode, before=off).returncode == 0


@pytest.mark.parametrize("mode", MODES)
def test_the_loopback_interface_may_still_be_down(mode: str) -> None:
    assert redirect(mode).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ("--skip-inbound-ports 25,0", '"0" is neither a port'),
        ("--skip-subnets 10.0.0.0/33", '"10.0.0.0/33" is no network'),
        ("--proxy-uid nobody", "--proxy-uid nobody"),
        ("--inbound-port", "--inbound-port lacks its value"),
        ("--inbound-port 0", "from 1 to 65535"),
        ("--mode ebpf", "auto, nft, iptables"),
        ("--skip-inbound-port 25", '"--skip-inbound-port" is no option'),
    ],
)
def test_a_mistake_on_the_command_line_is_named(arguments: str, why: str) -> None:
    binary = os.environ.get("HAUBERK_PROXY_BINARY", str(BUILT))
    done = subprocess.run([binary, "redirect", *arguments.split()], capture_output=True, text=True, check=False)
    assert (done.returncode, why in done.stderr) == (2, True), done.stderr
