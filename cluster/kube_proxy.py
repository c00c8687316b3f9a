"""What makes Services work on a node."""

import json

from cluster import addresses, identities, network
from cluster.daemon import Daemon, joined, options
from cluster.places import Places

MODES = ("nftables", "iptables")


def name(number: int) -> str:
    return f"{identities.KUBE_PROXY}-{number}"


def daemon(places: Places, number: int, mode: str) -> Daemon:
    """It ends by itself when its file is written: whoever runs it writes a file that differs only while it does not."""
    config = places.node(number) / "kube-proxy.json"
    return Daemon(
        name(number),
        (str(places.bin / identities.KUBE_PROXY), *options(config=config)),
        network=network.namespace(number),
        files={config: configuration(places, number, mode)},
    )


def configuration(places: Places, number: int, mode: str) -> str:
    often = {"minSyncPeriod": "100ms", "syncPeriod": "30s"}
    document = {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": mode,
        "clientConnection": {"kubeconfig": str(places.kubeconfig(identities.KUBE_PROXY))},
        "hostnameOverride": addresses.node_name(number),
        "clusterCIDR": joined(addresses.PODS),
        "healthzBindAddress": "127.0.0.1:10256",
        "metricsBindAddress": "127.0.0.1:10249",
        "oomScoreAdj": 0,
        "nftables": often,
        "iptables": often,
        # Limits of connections belong to the machine, and cannot be written from a namespace.
        "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
    }
    return json.dumps(document, indent=2) + "\n"
