"""What runs containers on a node, and its network plugins."""

import json
from pathlib import Path

import grpc

from cluster import addresses, commands, groups, network
from cluster.daemon import Daemon
from cluster.places import Places

PAUSE = "hauberk.test/pause:1"
"""The image of the process that holds a pod's namespaces."""
PLUGINS = (Path("/usr/lib/cni"), Path("/opt/cni/bin"))
"""Where network plugins may be: Debian's place, and everybody else's."""
_UNUSED = (
    "io.containerd.snapshotter.v1.btrfs",
    "io.containerd.snapshotter.v1.zfs",
    "io.containerd.snapshotter.v1.devmapper",
    "io.containerd.snapshotter.v1.aufs",
    "io.containerd.internal.v1.opt",
    "io.containerd.internal.v1.tracing",
    "io.containerd.tracing.processor.v1.otlp",
)
_IMPORT_TIMEOUT_S = 120.0
_ANSWER_S = 2.0


def name(number: int) -> str:
    return f"containerd-{number}"


def daemon(places: Places, number: int, entries: list[Path]) -> Daemon:
    """`entries`: of the node's cgroups, see `groups.make`."""
    folder = places.node(number)
    config = folder / "containerd.toml"
    return Daemon(
        name(number),
        ("containerd", "--config", str(config)),
        network=network.namespace(number),
        groups=entries,
        files={config: configuration(places, number), folder / "cni" / "10-cluster.conflist": plugins(places, number)},
    )


def configuration(places: Places, number: int) -> str:
    """TOML, whose words in quotes are written as JSON's are."""
    folder = places.node(number)
    cri = 'plugins."io.containerd.grpc.v1.cri"'
    quoted = json.dumps
    return f"""\
version = 2
root = {quoted(str(folder / "containerd" / "root"))}
state = {quoted(str(_state(places, number)))}
oom_score = 0
disabled_plugins = {quoted(list(_UNUSED))}

[grpc]
address = {quoted(str(places.socket(number)))}

[{cri}]
sandbox_image = {quoted(PAUSE)}
# Without the capability SYS_RESOURCE the kernel refuses a lower score than one's own, as the pause process would have.
restrict_oom_score_adj = true
disable_apparmor = true
# Pods' network namespaces are mounted where ours is, not among the machine's.
netns_mounts_under_state_dir = true

[{cri}.cni]
bin_dir = {quoted(str(plugin_folder()))}
conf_dir = {quoted(str(folder / "cni"))}

[{cri}.containerd]
snapshotter = "overlayfs"
default_runtime_name = "runc"

[{cri}.containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[{cri}.containerd.runtimes.runc.options]
SystemdCgroup = false
"""


def plugins(places: Places, number: int) -> str:
    """How a pod gets its network: a bridge of the node, without masquerading, so that nobody's address is changed."""
    ranges = [[{"subnet": str(pods)}] for pods in addresses.pods(number)]
    bridge = {
        "type": "bridge",
        "bridge": "cni0",
        "isDefaultGateway": True,
        "ipMasq": False,
        "hairpinMode": True,
        "ipam": {"type": "host-local", "dataDir": str(_leases(places, number)), "ranges": ranges},
    }
    ports = {"type": "portmap", "capabilities": {"portMappings": True}}
    document = {"cniVersion": "1.0.0", "name": addresses.namespace(number), "plugins": [bridge, ports]}
    return json.dumps(document, indent=2) + "\n"


def answers(places: Places, number: int) -> bool | None:
    """As a kubelet asks: the socket is there before what is behind it, and a kubelet that gets no answer ends."""
    if not places.socket(number).exists():
        return None
    with grpc.insecure_channel(f"unix:{places.socket(number)}") as channel:
        try:
            channel.unary_unary("/runtime.v1.RuntimeService/Version")(b"", timeout=_ANSWER_S)
        except grpc.RpcError:
            return None
    return True


def load(places: Places, number: int, archive: Path) -> None:
    """Takes the images of a docker archive in."""
    commands.run([*_ctr(places, number), "images", "import", archive], timeout_s=_IMPORT_TIMEOUT_S)


def volatile(places: Places, number: int) -> list[Path]:
    """What means nothing once the node's processes are gone: running containers, given addresses, sockets."""
    socket = places.socket(number)
    return [_state(places, number), _leases(places, number), socket, socket.with_name(f"{socket.name}.ttrpc")]


def is_in_use(number: int) -> bool:
    return bool(groups.members(addresses.namespace(number)))


def _ctr(places: Places, number: int) -> list[str]:
    return ["ctr", "--address", str(places.socket(number)), "--namespace", "k8s.io"]


def _state(places: Places, number: int) -> Path:
    return places.node(number) / "containerd" / "state"


def _leases(places: Places, number: int) -> Path:
    return places.node(number) / "ipam"


def plugin_folder() -> Path:
    return next((folder for folder in PLUGINS if folder.is_dir()), PLUGINS[0])
