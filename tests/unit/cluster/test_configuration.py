"""What the cluster's programs are told: what would break silently if it were told otherwise."""

import json
import tomllib
from pathlib import Path

import pytest
import yaml

from cluster import addresses, containerd, control_plane, dns, identities, kube_proxy, kubelet, network, places
from cluster.daemon import Daemon
from cluster.failure import ClusterFailed
from cluster.places import Places

PLACES = Places(Path("/home/of it"))
HEARTBEAT = "2026-01-02T03:04:05Z"
HEARTBEAT_S = 1767323045


def value(daemon: Daemon, name: str) -> str:
    (found,) = [word.partition("=")[2] for word in daemon.argv if word.startswith(f"--{name}=")]
    return found


def test_containerd_keeps_to_its_nodes_folder() -> None:
    one, two = (tomllib.loads(containerd.configuration(PLACES, number)) for number in (1, 2))
    cri = one["plugins"]["io.containerd.grpc.v1.cri"]
    assert one["version"] == 2
    assert (one["root"], one["state"]) == ("/home/of it/run/n1/containerd/root", "/home/of it/run/n1/containerd/state")
    assert one["grpc"]["address"] == str(PLACES.socket(1))
    assert cri["restrict_oom_score_adj"] is cri["disable_apparmor"] is cri["netns_mounts_under_state_dir"] is True
    assert cri["containerd"]["runtimes"]["runc"]["options"]["SystemdCgroup"] is False
    assert {one["root"], one["state"], one["grpc"]["address"]}.isdisjoint(
        {two["root"], two["state"], two["grpc"]["address"]}
    )


def test_pods_keep_their_addresses_and_each_node_has_its_own() -> None:
    bridge, ports = json.loads(containerd.plugins(PLACES, 2))["plugins"]
    assert (bridge["ipMasq"], bridge["hairpinMode"], bridge["isDefaultGateway"]) == (False, True, True)
    assert bridge["ipam"]["ranges"] == [[{"subnet": "10.125.2.0/24"}], [{"subnet": "fd00:10:125:2::/64"}]]
    assert ports["type"] == "portmap"


def test_kubelets_share_no_folder() -> None:
    one, two = (json.loads(kubelet.configuration(PLACES, number)) for number in (1, 2))
    folders = ("podLogsDir", "volumePluginDir", "containerRuntimeEndpoint", "cgroupRoot", "tlsCertFile", "address")
    assert all(one[name] != two[name] for name in folders)
    given = [kubelet.daemon(PLACES, number) for number in (1, 2)]
    for name in ("root-dir", "cert-dir", "kubeconfig", "node-ip", "hostname-override"):
        assert value(given[0], name) != value(given[1], name)


def test_a_kubelet_keeps_images_that_it_could_not_get_again() -> None:
    told = json.loads(kubelet.configuration(PLACES, 1))
    assert told["imageGCHighThresholdPercent"] == 100
    assert (told["failCgroupV1"], told["cgroupDriver"], told["oomScoreAdj"]) == (False, "cgroupfs", 0)
    assert told["clusterDNS"] == ["10.126.0.10", "fd00:10:126::a"]


@pytest.mark.parametrize(("status", "since", "ready"), [
    ("True", HEARTBEAT_S, True),
    ("True", HEARTBEAT_S + 0.9, True),
    ("True", HEARTBEAT_S + 1, False),
    ("False", HEARTBEAT_S, False),
])  # fmt: skip
def test_only_the_word_of_the_kubelet_that_runs_counts(status: str, since: float, ready: bool) -> None:
    conditions = [
        {"type": "DiskPressure", "status": "True", "lastHeartbeatTime": HEARTBEAT},
        {"type": "Ready", "status": status, "lastHeartbeatTime": HEARTBEAT},
    ]
    assert kubelet.is_ready({"status": {"conditions": conditions}}, since) is ready
    assert not kubelet.is_ready({}, since)


@pytest.mark.parametrize("mode", kube_proxy.MODES)
def test_kube_proxy_leaves_the_machines_limits_alone(mode: str) -> None:
    told = json.loads(kube_proxy.configuration(PLACES, 1, mode))
    assert (told["mode"], told["clusterCIDR"]) == (mode, "10.125.0.0/16,fd00:10:125::/56")
    assert told["conntrack"]["maxPerCore"] == told["conntrack"]["min"] == 0


def test_the_control_plane_listens_on_the_bridge() -> None:
    server = control_plane.api_server(PLACES)
    assert value(server, "bind-address") == value(server, "advertise-address") == "10.124.0.1"
    assert value(server, "enable-aggregator-routing") == "true"
    assert value(server, "service-cluster-ip-range") == "10.126.0.0/16,fd00:10:126::/112"
    for daemon in (control_plane.controllers(PLACES), control_plane.scheduler(PLACES)):
        assert value(daemon, "bind-address") == "10.124.0.1"
        assert value(daemon, "kubeconfig") == str(PLACES.kubeconfig(daemon.name))
    assert server.argv[0] == str(PLACES.bin / identities.API_SERVER)


def test_dns_has_the_address_that_pods_are_told() -> None:
    found = {document["kind"]: document for document in yaml.safe_load_all(dns.manifest())}
    assert found["Service"]["spec"]["clusterIP"] == "10.126.0.10"
    assert found["Service"]["spec"]["clusterIPs"] == ["10.126.0.10", "fd00:10:126::a"]
    assert "kubernetes cluster.local " in found["ConfigMap"]["data"]["Corefile"]
    container = found["Deployment"]["spec"]["template"]["spec"]["containers"][0]
    assert (container["image"], container["imagePullPolicy"]) == ("hauberk.test/coredns:1.15.0", "Never")


def test_addresses_do_not_overlap() -> None:
    networks = [*addresses.NODES, *addresses.PODS, *addresses.SERVICES]
    assert not any(one.overlaps(two) for one in networks for two in networks if one is not two)
    for number in range(1, addresses.MOST_NODES + 1):
        assert all(part.subnet_of(whole) for part, whole in zip(addresses.pods(number), addresses.PODS, strict=True))  # type: ignore[arg-type]
        assert addresses.node(number)[0] in addresses.NODES[0]
    assert addresses.pods(1) != addresses.pods(2)


def test_a_node_has_an_address_of_each_family() -> None:
    assert value(kubelet.daemon(PLACES, 1), "node-ip") == "10.124.0.11,fd00:10:124::b"


def test_a_route_of_somebody_else_into_our_networks_is_seen() -> None:
    ours = {"dst": "10.125.1.0/24", "dev": "hbk0"}
    assert network.conflict([{"dst": "default", "dev": "eth0"}, {"dst": "10.0.0.0/8", "dev": "eth0"}, ours]) is None
    assert network.conflict([{"dst": "10.125.1.0/24", "dev": "kbr0"}]) == "10.125.1.0/24"
    assert network.conflict([{"dst": "10.124.0.7", "dev": "tun0"}]) == "10.124.0.7"
    assert network.conflict([{"dst": "fd00:10:124::/64", "dev": "tun0"}]) == "fd00:10:124::/64"
    assert network.conflict([{"dst": "fe80::/64", "dev": "eth0"}, {"dst": "fd00::1", "dev": "eth0"}]) is None


def test_a_home_that_programs_could_not_work_in_is_refused(tmp_path: Path) -> None:
    assert places.find({"HAUBERK_CLUSTER_HOME": str(tmp_path)}).home == tmp_path
    for bad in ("/" + "long/" * 30, "/with blank", "/with:colon"):
        with pytest.raises(ClusterFailed, match="another HAUBERK_CLUSTER_HOME"):
            places.find({"HAUBERK_CLUSTER_HOME": bad})
