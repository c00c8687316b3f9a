"""Does a control plane that is installed for high availability have it? Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from hauberk.check.kubernetes.existence import DEPLOYMENTS
from hauberk.check.kubernetes.pods import is_ready
from hauberk.check.kubernetes.seen import Document, Seen, labels_of, unread
from hauberk.check.report import Category, Check, listed, verdict
from hauberk.install.objects import COMPONENT_LABEL, UNTOUCHED_LABEL

REPLICAS = 3


@dataclass(frozen=True, kw_only=True)
class Availability:
    """What it depends on."""

    namespace: str
    deployments: Seen
    pods: Seen
    """The control plane's."""
    system: Seen
    """The namespace kube-system."""
    injecting: Seen
    """The installation's MutatingWebhookConfiguration."""


def availability(facts: Availability) -> Category:
    return Category("linkerd-ha-checks", (_replicas(facts), _spread(facts), _untouched(facts)))


def _replicas(facts: Availability) -> Check:
    description = f"{REPLICAS} replicas of everything are ready"
    there = {document["metadata"]["name"]: document for document in facts.deployments.documents}
    ready = {name: int((there.get(name, {}).get("status") or {}).get("readyReplicas") or 0) for name in DEPLOYMENTS}
    few = [f"{name} has {count}" for name, count in ready.items() if count < REPLICAS]
    hint = f"kubectl -n {facts.namespace} get pods -o wide; controllerReplicas says how many are wanted"
    return unread(description, facts.deployments) or verdict(
        description, listed(few), hint, outcome="warning", settles=True
    )


def _spread(facts: Availability) -> Check:
    description = "replicas are on different nodes"
    together = [
        f"all of {component} are on {next(iter(nodes))}"
        for component, nodes in _nodes(facts.pods.documents).items()
        if len(nodes) == 1
    ]
    hint = f"add nodes, or see why others take none: kubectl -n {facts.namespace} describe pods"
    return unread(description, facts.pods) or verdict(description, listed(together), hint, outcome="warning")


def _nodes(pods: Sequence[Document]) -> dict[str, set[str]]:
    """Where each component has ready replicas."""
    found: dict[str, set[str]] = {}
    for pod in pods:
        component = labels_of(pod).get(COMPONENT_LABEL)
        if component and is_ready(pod):
            found.setdefault(component, set()).add(str((pod.get("spec") or {}).get("nodeName", "")))
    return found


def _untouched(facts: Availability) -> Check:
    """By the namespace's label, as Linkerd has it, or because the webhook leaves it out by name."""
    description = "pods of kube-system start without the injector"
    labelled = facts.system.first is not None and labels_of(facts.system.first).get(UNTOUCHED_LABEL) == "disabled"
    left_out = bool(facts.injecting.documents) and all(
        _leaves_out(webhook) for found in facts.injecting.documents for webhook in found.get("webhooks") or ()
    )
    if labelled or left_out:
        return Check(description)
    hint = f"kubectl label namespace kube-system {UNTOUCHED_LABEL}=disabled"
    error = "the injector is asked about them: while it is away the cluster cannot heal itself"
    return unread(description, facts.system) or Check(description, "error", error, hint)


def _leaves_out(webhook: Document) -> bool:
    expressions = (webhook.get("namespaceSelector") or {}).get("matchExpressions") or ()
    return any(
        found.get("key") == "kubernetes.io/metadata.name"
        and found.get("operator") == "NotIn"
        and "kube-system" in (found.get("values") or ())
        for found in expressions
    )
