"""Does the CNI plugin run on every node? Pure."""

from dataclasses import dataclass

from hauberk.check.kubernetes.pods import unready
from hauberk.check.kubernetes.seen import Document, Seen, condition, labels_of, unread
from hauberk.check.report import Category, Check, listed, verdict

NAME = "linkerd-cni"


@dataclass(frozen=True, kw_only=True)
class Plugin:
    """The DaemonSet, its pods, and where they should be."""

    namespace: str
    """Its own."""
    upgrade: str
    """The command that brings back what is missing."""
    daemon_set: Seen
    pods: Seen
    nodes: Seen


def plugin(facts: Plugin) -> Category:
    return Category("linkerd-cni-plugin", (_ready(facts), _everywhere(facts)))


def _ready(facts: Plugin) -> Check:
    description = "the CNI plugin's pods are ready"
    if (check := unread(description, facts.daemon_set)) is not None:
        return check
    if facts.daemon_set.first is None:
        error = f"there is no DaemonSet {NAME} in {facts.namespace}"
        return Check(description, "error", error, facts.upgrade, settles=True)
    status = facts.daemon_set.first.get("status") or {}
    wanted, ready = (int(status.get(key) or 0) for key in ("desiredNumberScheduled", "numberReady"))
    why = listed(unready(facts.pods.documents))
    error = f"{ready} of {wanted} are ready" + (f": {why}" if why else "") if ready < wanted or not wanted else ""
    hint = f"kubectl -n {facts.namespace} logs daemonset/{NAME}; pods on a node without it do not start"
    return verdict(description, error, hint, settles=True)


def _everywhere(facts: Plugin) -> Check:
    description = "every node has the CNI plugin"
    if (check := unread(description, facts.nodes) or unread(description, facts.pods)) is not None:
        return check
    has = {str((pod.get("spec") or {}).get("nodeName", "")) for pod in facts.pods.documents}
    bare = [
        name for node in facts.nodes.documents if _takes_pods(node) and (name := node["metadata"]["name"]) not in has
    ]
    hint = (
        f"see why it is not there: kubectl -n {facts.namespace} describe daemonset {NAME}; pods that ask for a proxy "
        f"do not start on those nodes"
    )
    return verdict(description, listed(bare), hint, outcome="warning", settles=True)


def _takes_pods(node: Document) -> bool:
    system = labels_of(node).get("kubernetes.io/os", "linux")
    is_open = not (node.get("spec") or {}).get("unschedulable")
    return system == "linux" and is_open and condition(node, "Ready").get("status") == "True"
