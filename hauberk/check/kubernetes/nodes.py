"""Can the nodes of a cluster carry a mesh? Pure."""

from collections.abc import Callable

from hauberk.check.kubernetes.seen import Document, Seen, unread
from hauberk.check.kubernetes.versions import major_minor
from hauberk.check.report import Check, listed, verdict

ARCHITECTURES = ("amd64", "arm64")
"""For which the images are built."""
KERNEL = (5, 2)
"""Of Linux: redirects of both families in nf_tables. An older one needs iptables' modules."""
KUBELET = (1, 29)
"""Native sidecars."""


def nodes(seen: Seen) -> list[Check]:
    """One check for each thing that a node has to be; only the first where there are none."""
    there = "there are nodes for a mesh"
    if (check := unread(there, seen)) is not None:
        return [check]
    if not seen.documents:
        hint = "the control plane's pods wait until there is one: kubectl get nodes"
        return [Check(there, "warning", "there are none", hint)]
    return [
        _all(
            seen,
            f"nodes are Linux on {' or '.join(ARCHITECTURES)}",
            _foreign,
            "pods of the mesh start on the others only: keep programs off these with a nodeSelector, or build images "
            "for them",
        ),
        _all(
            seen,
            f"the nodes' kernels are {_dotted(KERNEL)} or later",
            _old_kernel,
            "the redirect needs iptables' modules there (iptable_nat, iptable_filter): modprobe them, or renew the "
            "node's system",
        ),
        _all(
            seen,
            f"the nodes' kubelets are {_dotted(KUBELET)} or later",
            _old_kubelet,
            "pods do not start there with a native sidecar: upgrade the node, or install with "
            "--set proxy.nativeSidecar=false",
        ),
    ]


def _all(seen: Seen, description: str, told: Callable[[Document], str], hint: str) -> Check:
    wrong = [
        f"{node['metadata']['name']} is {word}"
        for node in seen.documents
        if (word := told((node.get("status") or {}).get("nodeInfo") or {}))
    ]
    return verdict(description, listed(wrong), hint, outcome="warning")


def _foreign(info: Document) -> str:
    """Each of these says nothing (empty) where all is well or nothing is known."""
    system, architecture = str(info.get("operatingSystem", "")), str(info.get("architecture", ""))
    fits = system in ("", "linux") and architecture in ("", *ARCHITECTURES)
    return "" if fits else f"{system} on {architecture}"


def _old_kernel(info: Document) -> str:
    text = str(info.get("kernelVersion", ""))
    is_linux = info.get("operatingSystem", "linux") == "linux"
    return text if is_linux and _before(text, KERNEL) else ""


def _old_kubelet(info: Document) -> str:
    text = str(info.get("kubeletVersion", ""))
    return text if _before(text, KUBELET) else ""


def _before(text: str, oldest: tuple[int, int]) -> bool:
    found = major_minor(text)
    return found is not None and found < oldest


def _dotted(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))
