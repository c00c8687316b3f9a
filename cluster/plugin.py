"""The mesh's own CNI plugin on this cluster, whose nodes share a file system but no folder of their networks: so it is
on one of them.
"""

import yaml

from cluster.containerd import plugin_folder
from cluster.places import Places


def settings(places: Places, number: int) -> str:
    """For `--set`: where the node's network is configured."""
    return f"cni.enabled=true,cni.repair=true,cni.binDir={plugin_folder()},cni.netDir={places.node(number) / 'cni'}"


def on_node(manifests: str, node: str) -> str:
    """The same, with the DaemonSet kept to this node."""
    documents = list(yaml.safe_load_all(manifests))
    for document in documents:
        if document["kind"] == "DaemonSet":
            document["spec"]["template"]["spec"]["nodeSelector"] |= {"kubernetes.io/hostname": node}
    return yaml.dump_all(documents)
