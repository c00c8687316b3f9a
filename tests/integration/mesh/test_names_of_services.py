"""A proxy finds the control plane by a name, as pods do: through its own resolv.conf, by instances or by addresses."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from meshkit.bare import HUB, Net, Proxy
from meshkit.foreign import IDENTITY_PORT, ControlPlane
from meshkit.nameserver import SRV, A, NameServer
from meshkit.pair import CLIENT_IP, a_plane, key_files_of, proxy_settings, world
from meshkit.until import until

NAME = "linkerd-identity-headless.linkerd.svc.cluster.local."
RESOLV_CONF = f"search default.svc.cluster.local svc.cluster.local cluster.local\nnameserver {HUB}\noptions ndots:5\n"
NOTHING_ELSE = {"HAUBERK_PROXY_VIEW_CONFIRM": "false"}
"""Only the authority is asked, so that nobody is about to connect when the control plane ends."""
NOBODY = "10.99.0.77"
"""An address that no host has, as that of a node that is lost."""


@contextmanager
def a_proxy(address: str) -> Iterator[tuple[Net, ControlPlane, Proxy]]:
    """Started, with that address of the authority, in a mount namespace with its own resolv.conf."""
    root = Path(tempfile.mkdtemp(prefix="hb-names-"))
    try:
        with a_plane(world()) as (net, plane):
            host = net.host("client", CLIENT_IP)
            (root / "resolv.conf").write_text(RESOLV_CONF)
            root.chmod(0o755)
            key_files_of(host)
            settings = {**proxy_settings(plane, host), **NOTHING_ELSE, "IDENTITY_SVC_ADDR": address}
            mounted = f'mount --bind {root}/resolv.conf /etc/resolv.conf && exec "$@"'
            yield net, plane, Proxy(host, settings, "unshare", "--mount", "bash", "-c", mounted, "-")
    finally:
        shutil.rmtree(root)


def dashed(address: str) -> str:
    return f"{address.replace('.', '-')}.{NAME}"


def test_by_instances_and_the_search_list_is_not_tried_for_a_whole_name() -> None:
    with a_proxy(f"{NAME}:{IDENTITY_PORT}") as (net, _, proxy):
        services = {NAME: [(dashed(HUB), IDENTITY_PORT), (dashed(HUB), 9990)]}
        with NameServer(net.hub, {NAME: [HUB]}, services) as names:
            proxy.ready()
    assert (NAME, SRV) in names.asked
    assert {name for name, _ in names.asked} == {NAME}


@pytest.mark.parametrize("services", [{}, {NAME: [("web-0.example.", IDENTITY_PORT)]}], ids=["none", "unusable"])
def test_by_addresses_where_instances_cannot_be_told(services: dict[str, list[tuple[str, int]]]) -> None:
    with a_proxy(f"{NAME}:{IDENTITY_PORT}") as (net, _, proxy), NameServer(net.hub, {NAME: [HUB]}, services) as names:
        proxy.ready()
    assert (NAME, A) in names.asked


def test_by_a_short_name_and_the_search_list() -> None:
    names = {"linkerd-identity.linkerd.svc.cluster.local.": [HUB]}
    with a_proxy(f"linkerd-identity.linkerd:{IDENTITY_PORT}") as (net, _, proxy), NameServer(net.hub, names, {}):
        proxy.ready()


def test_when_the_name_server_comes_late() -> None:
    with a_proxy(f"{NAME}:{IDENTITY_PORT}") as (net, _, proxy):
        until("it was tried in vain", lambda: "no certificate; asking again" in proxy.said(), seen=proxy.said)
        assert proxy.admin("/ready") == 503
        assert proxy.admin("/live") == 200
        with NameServer(net.hub, {NAME: [HUB]}, {}):
            proxy.ready()


@pytest.mark.parametrize("by", ["instances", "addresses"])
def test_instances_that_are_lost_or_refuse_are_passed_over(by: str) -> None:
    lost = [NOBODY, CLIENT_IP, HUB]
    instances = {NAME: [(dashed(address), IDENTITY_PORT) for address in lost]} if by == "instances" else {}
    with a_proxy(f"{NAME}:{IDENTITY_PORT}") as (net, _, proxy), NameServer(net.hub, {NAME: lost}, instances):
        proxy.ready()
        assert proxy.metrics().total("control_identity_cert_refreshes_total", result="error") == 0
