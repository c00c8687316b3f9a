"""Files that a node's programs write outside of its folder, at places that cannot be chosen."""

from pathlib import Path

from cluster import addresses

LINKS = Path("/var/log/containers")
"""A kubelet's links to the logs of its containers."""
RESULTS = Path("/var/lib/cni/results")
"""What the network plugins said of each pod, named NETWORK-POD-LINK; the loopback's network has no name of ours."""
SOCKETS = Path("/run/containerd/s")
"""Of the process beside each container. Its address is in a file in the state folder."""


def remove(number: int, folder: Path) -> None:
    """Removes those of node `number`, whose folder it is, before what they refer to is removed."""
    for link in _links(folder):
        link.unlink(missing_ok=True)
    network = addresses.namespace(number)
    for result in RESULTS.glob(f"{network}-*"):
        pod = result.name.removeprefix(f"{network}-").partition("-")[0]
        for other in RESULTS.glob(f"*-{pod}-*"):
            other.unlink(missing_ok=True)
    for note in folder.glob("containerd/state/io.containerd.runtime.v2.task/*/*/address"):
        socket = Path(note.read_text(errors="replace").strip().removeprefix("unix://"))
        if socket.parent == SOCKETS:
            socket.unlink(missing_ok=True)


def _links(folder: Path) -> list[Path]:
    """`readlink`, not `resolve`: what a link points to may be gone."""
    return [link for link in LINKS.glob("*") if link.is_symlink() and folder in link.readlink().parents]
