"""The CNI plugin, installed on a node and called after the real `bridge` plugin, as a container runtime calls it."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from meshkit.bare import Host, Net
from meshkit.cni import ApiServer, PluginFailedError, Runtime, path, pod
from meshkit.start import BUILT
from meshkit.until import WITHIN_S, until

NOBODY = 65534
BRIDGE = {
    "type": "bridge",
    "bridge": "cni0",
    "isDefaultGateway": True,
    "ipam": {"type": "host-local", "ranges": [[{"subnet": "10.94.0.0/24"}], [{"subnet": "fd94::/64"}]]},
}
PORTMAP = {"type": "portmap", "capabilities": {"portMappings": True}}
TRY_AGAIN, NONSENSE, MISSING = 11, 100, 102


@dataclass
class Node:
    net: Net
    host: Host
    root: Path
    api: ApiServer
    runtime: Runtime

    def options(self) -> list[str]:
        return [
            *("--bin-dir", str(self.root / "bin"), "--net-dir", str(self.root / "net.d")),
            *("--account-dir", str(self.root / "account"), "--server", self.api.url),
            *("--skip-inbound-ports", "4567,4568"),
        ]

    def install(self, *more: str) -> subprocess.Popen[bytes]:
        process = self.host.start("cni.log", binary(), "cni", "install", *self.options(), *more)
        until("it is there", self.is_ready, seen=self.said)
        return process

    def is_ready(self) -> bool:
        return self.host.execute(binary(), "cni", "ready", *self.options()).returncode == 0

    def said(self) -> str:
        return (self.host.directory / "cni.log").read_text()

    def listed(self) -> Any:
        return json.loads((self.root / "net.d" / "10-net.conflist").read_text())


def binary() -> str:
    return os.environ.get("HAUBERK_PROXY_BINARY", str(BUILT))


@pytest.fixture
def node() -> Iterator[Node]:
    root = Path(tempfile.mkdtemp(prefix="hb-cni-"))
    root.chmod(0o711)
    for folder in ("bin", "net.d", "account"):
        (root / folder).mkdir()
    try:
        with Net(root) as net:
            api = ApiServer(net.hub, root)
            try:
                (root / "account" / "token").write_text(api.accepted)
                shutil.copy(api.authority, root / "account" / "ca.crt")
                bridge = {**BRIDGE, "ipam": {**BRIDGE["ipam"], "dataDir": str(root / "ipam")}}  # type: ignore[dict-item]
                write(root, [bridge, PORTMAP])
                runtime = Runtime(net.hub, root / "bin", root / "net.d")
                yield Node(net, net.hub, root, api, runtime)
            finally:
                api.close()
    finally:
        shutil.rmtree(root)


def write(root: Path, plugins: list[Any]) -> None:
    listed = {"cniVersion": "1.0.0", "name": "net", "plugins": plugins}
    (root / "net.d" / "10-net.conflist").write_text(json.dumps(listed))


def is_redirected(host: Host) -> bool:
    """As a pod's validator sees it."""
    as_nobody = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
    return host.execute(*as_nobody, binary(), "validate-network", "--timeout", "300ms").returncode == 0


def test_a_pod_in_the_mesh_is_redirected_and_others_are_not(node: Node) -> None:
    node.install()
    node.api.pods[path("web")] = pod("web", "u", "app", "linkerd-proxy")
    node.api.pods[path("other")] = pod("other", "u", "app")
    web, other = node.net.alone("web"), node.net.alone("other")
    result = node.runtime.add(web, "web")
    assert [ip["address"].partition("/")[0] for ip in result["ips"]] == ["10.94.0.2", "fd94::2"]
    assert result["cniVersion"] == "1.0.0"
    assert is_redirected(web)
    assert b"tcp dport 4567-4568 return" in web.must("nft", "list", "ruleset")
    node.runtime.add(other, "other")
    assert not is_redirected(other)
    assert other.must("nft", "list", "ruleset") == b""
    node.runtime.add(node.net.alone("static"), "a-pod-that-only-a-kubelet-knows")


def test_no_pod_starts_while_nobody_can_tell_whether_it_is_in_the_mesh(node: Node) -> None:
    node.install()
    node.api.pods[path("web")] = pod("web", "u", "app", "linkerd-proxy")
    node.api.accepted = "another"
    with pytest.raises(PluginFailedError) as failed:
        node.runtime.add(node.net.alone("web"), "web")
    assert (failed.value.said["code"], failed.value.said["cniVersion"]) == (TRY_AGAIN, "1.0.0")
    assert "401" in failed.value.said["msg"]
    node.runtime.add(node.net.alone("dns"), "dns", namespace="kube-system")
    node.api.close()
    with pytest.raises(PluginFailedError, match="does not answer"):
        node.runtime.add(node.net.alone("web-2"), "web")


def test_a_pod_that_is_another_one_by_now_or_asks_for_nonsense_does_not_start(node: Node) -> None:
    node.install()
    node.api.pods[path("web")] = pod("web", "u", "app", "linkerd-proxy")
    node.api.pods[path("odd")] = pod("odd", "u", "linkerd-proxy", **{"config.linkerd.io/skip-inbound-ports": "all"})
    for name, uid, code in (("web", "another", TRY_AGAIN), ("odd", "u", NONSENSE)):
        with pytest.raises(PluginFailedError) as failed:
            node.runtime.add(node.net.alone(name), name, uid)
        assert failed.value.said["code"] == code
    assert "skip-inbound-ports" in failed.value.said["msg"]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("delete table inet hauberk", "there is no chain egress"),
        ("flush chain inet hauberk outbound", "chain outbound has no rules"),
        ("flush chain inet hauberk inbound ; delete chain inet hauberk inbound", "there is no chain inbound"),
    ],
)
def test_a_check_finds_what_is_missing_of_the_rules(node: Node, change: str, named: str) -> None:
    node.install()
    node.api.pods[path("web")] = pod("web", "u", "app", "linkerd-proxy")
    node.api.pods[path("other")] = pod("other", "u", "app")
    web, other = node.net.alone("web"), node.net.alone("other")
    results = {name: node.runtime.add(host, name) for name, host in (("web", web), ("other", other))}
    asked = len(node.api.asked)
    node.runtime.check(web, "web", results["web"])
    assert len(node.api.asked) == asked, "nobody is asked while everything is there"
    node.runtime.check(other, "other", results["other"])
    web.must("nft", change)
    with pytest.raises(PluginFailedError) as failed:
        node.runtime.check(web, "web", results["web"])
    assert failed.value.said["code"] == MISSING
    assert f"shop/web are not redirected any more: nf_tables: {named}" in failed.value.said["msg"]
    assert "delete the pod" in failed.value.said["details"]


def test_a_check_of_rules_by_iptables(node: Node) -> None:
    node.install("--mode", "iptables-nft")
    node.api.pods[path("web")] = pod("web", "u", "app", "linkerd-proxy")
    web = node.net.alone("web")
    result = node.runtime.add(web, "web")
    node.runtime.check(web, "web", result)
    web.must("ip6tables-nft", "-D", "OUTPUT", "-j", "PROXY_INIT_EGRESS")
    with pytest.raises(PluginFailedError, match="nothing leads to chain PROXY_INIT_EGRESS"):
        node.runtime.check(web, "web", result)


def test_the_other_questions_of_a_runtime(node: Node) -> None:
    node.install()
    listed = node.listed()
    own = listed["plugins"][-1]
    assert own["type"] == "hauberk-cni"
    version = node.runtime.call("VERSION", listed, {"type": "hauberk-cni"})
    assert version["supportedVersions"][-1] == "1.1.0"
    for command in ("DEL", "STATUS", "GC"):
        assert node.runtime.call(command, listed, own) is None, command
    with pytest.raises(PluginFailedError, match="end of a list"):
        node.runtime.call("ADD", listed, own, pod=node.net.alone("first"))
    (node.root / "net.d" / "hauberk-cni-kubeconfig").unlink()
    node.host.execute("true")
    with pytest.raises(PluginFailedError, match="kubeconfig"):
        node.runtime.call("STATUS", listed, {**own, "kubeconfig": "/nowhere/kubeconfig"})


def test_it_is_kept_in_a_list_that_others_write_and_with_a_token_that_changes(node: Node) -> None:
    process = node.install()
    kubeconfig = node.root / "net.d" / "hauberk-cni-kubeconfig"
    assert kubeconfig.stat().st_mode & 0o777 == 0o600
    before = node.listed()
    write(node.root, before["plugins"][:1])
    until("it is there again", node.is_ready, seen=node.said)
    assert [plugin["type"] for plugin in node.listed()["plugins"]] == ["bridge", "hauberk-cni"]
    node.api.accepted = "second"
    (node.root / "account" / "token").write_text("second")
    until("the plugin has it", lambda: "second" in kubeconfig.read_text())
    node.api.pods[path("web")] = pod("web", "u", "linkerd-proxy")
    web = node.net.alone("web")
    node.runtime.add(web, "web")
    assert is_redirected(web)
    process.send_signal(signal.SIGTERM)
    assert process.wait(WITHIN_S) == 0
    assert [plugin["type"] for plugin in node.listed()["plugins"]] == ["bridge"]
    assert not kubeconfig.exists()
    assert not node.is_ready()
    assert (node.root / "bin" / "hauberk-cni").is_file(), "a runtime may call it for pods that are there"


def test_pods_that_were_too_early_are_deleted_once(node: Node) -> None:
    """Those that somebody makes anew; and none that fails with the plugin in its place."""

    def failed(name: str, began: datetime, *, owned: bool = True) -> dict[str, Any]:
        made = pod(name, name, "linkerd-proxy")
        made["metadata"]["ownerReferences"] = [{"controller": owned}]
        status = {"name": "linkerd-network-validator", "state": {"terminated": {"exitCode": 1}}}
        made["status"] = {"startTime": f"{began:%Y-%m-%dT%H:%M:%SZ}", "initContainerStatuses": [status]}
        return made

    now, soon = datetime.now(UTC), datetime.now(UTC) + timedelta(hours=1)
    node.api.pods[path("early")] = failed("early", now - timedelta(minutes=1))
    node.api.pods[path("bare")] = failed("bare", now - timedelta(minutes=1), owned=False)
    node.api.pods[path("late")] = failed("late", soon)
    node.install("--repair", "node-1")
    until("it is deleted", lambda: node.api.deleted, seen=node.said)
    until("the other is named", lambda: "shop/bare started before" in node.said(), seen=node.said)
    assert [(at, body["preconditions"]) for at, body in node.api.deleted] == [(path("early"), {"uid": "early"})]
    assert any("fieldSelector=spec.nodeName%3Dnode-1" in asked for asked in node.api.asked)
