"""Every way in which `hauberk-proxy redirect` writes its rules sends the same connections to the same places."""

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

POD, POD6 = "10.99.0.7", "fd99::7"
SKIPPED, SKIPPED6 = "10.98.0.1", "fd98::1"
"""Of the hub's too, in networks that are skipped."""
IN, OUT, PROGRAM, SKIPPED_IN, SKIPPED_OUT, ADMIN = 5143, 5140, 8080, 2525, 4567, 4191
MODES = ["nft", "iptables-nft", "iptables-legacy"]
OPTIONS = [
    *("--inbound-port", str(IN), "--outbound-port", str(OUT)),
    *("--skip-inbound-ports", f"{SKIPPED_IN}-{SKIPPED_IN + 1}", "--skip-outbound-ports", f"{SKIPPED_OUT},9999"),
    *("--skip-subnets", "10.98.0.0/16,fd98::/16"),
]
NOBODY = 65534


@pytest.fixture(scope="module", params=MODES)
def pod(request: pytest.FixtureRequest) -> Iterator[tuple[Net, Host]]:
    root = Path(tempfile.mkdtemp(prefix="hb-modes-"))
    root.chmod(0o711)
    try:
        with Net(root) as net:
            pod = net.host("pod", POD)
            net.add_ipv6(pod, POD6)
            for address in (f"{SKIPPED}/32", f"{SKIPPED6}/128"):
                net.hub.must("ip", "address", "add", address, "dev", "lo")
            start(pod, PROXY_UID, f"in={IN}", f"out={OUT}", f"admin={ADMIN}")
            start(pod, NOBODY, f"program={PROGRAM}", f"program={SKIPPED_IN}")
            start(net.hub, NOBODY, f"hub={PROGRAM}", f"hub={SKIPPED_OUT}")
            for host, port in ((pod, IN), (pod, PROGRAM), (pod, SKIPPED_IN), (pod, ADMIN), (net.hub, SKIPPED_OUT)):
                listening(host, port)
            for _ in range(2):
                said = redirect(pod, "--mode", request.param, *OPTIONS)
                by = "nf_tables" if request.param == "nft" else request.param
                assert said == f"hauberk: connections are redirected by {by}\n"
            yield net, pod
    finally:
        shutil.rmtree(root)


def binary() -> str:
    return os.environ.get("HAUBERK_PROXY_BINARY", str(BUILT))


def redirect(host: Host, *options: str) -> str:
    done = host.execute(binary(), "redirect", *options)
    assert done.returncode == 0, done.stderr
    return done.stderr.decode()


def start(host: Host, uid: int, *names: str) -> None:
    as_user = ("setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups")
    host.start("names.log", *as_user, sys.executable, str(PROGRAMS / "naming.py"), *names)


def reached(host: Host, ip: str, port: int, uid: int = NOBODY) -> str:
    """Who answers a program of that user; or how its connection fails."""
    code = (
        "import socket, sys\n"
        "try: print(socket.create_connection((sys.argv[1], int(sys.argv[2])), 5).recv(100).decode())\n"
        "except OSError as error: print(type(error).__name__)\n"
    )
    as_user = ("setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups")
    return host.must(*as_user, sys.executable, "-c", code, ip, str(port)).decode().strip()


@pytest.mark.parametrize(
    ("ip", "port", "who"),
    [
        (HUB, PROGRAM, "out"),
        (HUB6, PROGRAM, "out"),
        ("203.0.113.9", 443, "out"),
        (HUB, SKIPPED_OUT, "hub"),
        (HUB6, SKIPPED_OUT, "hub"),
        (SKIPPED, PROGRAM, "hub"),
        (SKIPPED6, PROGRAM, "hub"),
        (POD, PROGRAM, "program"),
        (POD6, PROGRAM, "program"),
        ("127.0.0.1", PROGRAM, "program"),
        ("::1", PROGRAM, "program"),
        ("127.0.0.1", 9, "ConnectionRefusedError"),
    ],
)
def test_what_the_program_calls(pod: tuple[Net, Host], ip: str, port: int, who: str) -> None:
    assert reached(pod[1], ip, port) == who


@pytest.mark.parametrize("ip", [HUB, HUB6])
def test_the_proxys_own_connections_go_where_they_want(pod: tuple[Net, Host], ip: str) -> None:
    assert reached(pod[1], ip, PROGRAM, PROXY_UID) == "hub"


@pytest.mark.parametrize(
    ("port", "who"), [(PROGRAM, "in"), (9, "in"), (IN, "in"), (SKIPPED_IN, "program"), (ADMIN, "admin")]
)
@pytest.mark.parametrize("ip", [POD, POD6])
def test_what_others_call(pod: tuple[Net, Host], ip: str, port: int, who: str) -> None:
    assert reached(pod[0].hub, ip, port) == who


@pytest.mark.parametrize(("ip", "port"), [(POD, PROGRAM), (POD6, PROGRAM)])
def test_a_network_that_is_skipped_reaches_the_program_directly(pod: tuple[Net, Host], ip: str, port: int) -> None:
    from_there = SKIPPED6 if ":" in ip else SKIPPED
    code = (
        "import socket, sys\n"
        f"print(socket.create_connection(({ip!r}, {port}), 5, source_address=({from_there!r}, 0)).recv(100).decode())"
    )
    pod[1].must("ip", "route", "replace", f"{from_there}", "via", HUB6 if ":" in ip else HUB)
    assert pod[0].hub.must(sys.executable, "-c", code).decode().strip() == "program"


def test_a_link_local_neighbour_is_refused_at_once(pod: tuple[Net, Host]) -> None:
    shown = pod[0].hub.must("ip", "-oneline", "-6", "address", "show", "dev", "hub", "scope", "link").decode()
    address = shown.split()[3].partition("/")[0]
    assert reached(pod[1], f"{address}%eth0", PROGRAM) == "ConnectionRefusedError"


def test_nothing_leaves_around_a_redirect_that_is_lost(pod: tuple[Net, Host]) -> None:
    """Last, since it takes the redirect away: what is left refuses."""
    _, host = pod
    if b"chain outbound" in host.execute("nft", "list", "ruleset").stdout:
        host.must("nft", "flush", "chain", "inet", "hauberk", "outbound")
    else:
        kind = "legacy" if b"PROXY_INIT" in host.execute("iptables-legacy-save").stdout else "nft"
        for family in ("iptables", "ip6tables"):
            host.must(f"{family}-{kind}", "-t", "nat", "-F", "PROXY_INIT_OUTPUT")
    assert [reached(host, ip, PROGRAM) for ip in (HUB, HUB6)] == ["ConnectionRefusedError"] * 2
    assert reached(host, HUB, PROGRAM, PROXY_UID) == "hub"


def test_the_rules_that_are_printed_are_those_that_are_made() -> None:
    rules = f"{binary()} redirect {' '.join(OPTIONS)}"
    script = f"{rules} --mode nft && nft list ruleset && echo == && {rules} --print | nft -f - && nft list ruleset"
    done = subprocess.run(["unshare", "--net", "bash", "-ec", script], capture_output=True, text=True, check=True)
    made, _, printed = done.stdout.partition("==\n")
    assert made == printed
    assert "chain egress" in made


def test_as_many_exceptions_as_there_may_be_are_one_message() -> None:
    ports = ",".join(str(2 * n) for n in range(1, 100))
    subnets = ",".join(f"2001:db8:{n:x}::/48" for n in range(100))
    options = f"--skip-inbound-ports {ports} --skip-outbound-ports {ports} --skip-subnets {subnets}"
    subprocess.run(["unshare", "--net", "bash", "-ec", f"{binary()} redirect --mode nft {options}"], check=True)
