"""The kubelet of a node."""

import json
from datetime import datetime

from cluster import addresses, identities, network
from cluster.api import Api
from cluster.daemon import Daemon, joined, options
from cluster.daemons import Daemons
from cluster.places import Places

LOST_S = 20
"""A node of which nothing was heard for so long is given up. It reports four times meanwhile."""


def daemon(places: Places, number: int) -> Daemon:
    folder, name = places.node(number), identities.kubelet(number)
    config = folder / "kubelet.json"
    given = options(
        config=config,
        kubeconfig=places.kubeconfig(name),
        hostname_override=addresses.node_name(number),
        node_ip=joined(addresses.node(number)),
        root_dir=folder / "kubelet",
        cert_dir=folder / "kubelet-keys",
    )
    resolver = folder / "resolv.conf"
    return Daemon(
        name,
        (str(places.bin / "kubelet"), *given),
        network=network.namespace(number),
        files={config: configuration(places, number), resolver: "# Nobody knows more names than the cluster.\n"},
    )


def configuration(places: Places, number: int) -> str:
    """Kubelets of one machine must share no folder."""
    folder, keys, name = places.node(number), places.keys, identities.kubelet(number)
    document = {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": str(addresses.node(number)[0]),
        "authentication": {
            "x509": {"clientCAFile": str(keys / "ca.crt")},
            "webhook": {"enabled": True},
            "anonymous": {"enabled": False},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": str(keys / f"{name}.crt"),
        "tlsPrivateKeyFile": str(keys / f"{name}.key"),
        "containerRuntimeEndpoint": f"unix://{places.socket(number)}",
        "failCgroupV1": False,
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{addresses.namespace(number)}",
        "clusterDNS": [str(address) for address in addresses.service_dns()],
        "clusterDomain": addresses.DOMAIN,
        "nodeLeaseDurationSeconds": LOST_S,
        "resolvConf": str(folder / "resolv.conf"),
        "failSwapOn": False,
        # A score below one's own is refused without the capability SYS_RESOURCE.
        "oomScoreAdj": 0,
        "makeIPTablesUtilChains": False,
        # Off: an image that was collected cannot be pulled again.
        "imageGCHighThresholdPercent": 100,
        # Percentages of a disk that is not the nodes' alone.
        "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
        "podLogsDir": str(folder / "pods"),
        "volumePluginDir": str(folder / "volume-plugins"),
        "serializeImagePulls": False,
    }
    return json.dumps(document, indent=2) + "\n"


def ready(client: Api, daemons: Daemons, number: int) -> bool | None:
    """Whether the kubelet that runs now says so."""
    node = client.object(f"/api/v1/nodes/{addresses.node_name(number)}")
    return (node is not None and is_ready(node, daemons.started(identities.kubelet(number)))) or None


def is_ready(node: dict[str, object], since: float) -> bool:
    """`since`: the start of the kubelet, in seconds of the clock on the wall: etcd may hold an older kubelet's word."""
    status = node.get("status")
    conditions = status.get("conditions", []) if isinstance(status, dict) else []
    for condition in conditions:
        if condition["type"] == "Ready" and condition["status"] == "True":
            # Kubernetes notes whole seconds.
            return datetime.fromisoformat(condition["lastHeartbeatTime"]).timestamp() >= int(since)
    return False
