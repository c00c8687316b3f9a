"""Is a mesh installed, and does its control plane run? Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hauberk.check.kubernetes.pods import ready_check, unready
from hauberk.check.kubernetes.seen import NOTHING, Document, Seen, called, unread
from hauberk.check.report import Category, Check, listed, verdict
from hauberk.install.objects import CONFIG

DEFAULT_NAMESPACE = "hauberk"
DEPLOYMENTS = ("linkerd-identity", "linkerd-destination", "linkerd-proxy-injector")


@dataclass(frozen=True, kw_only=True)
class Installed:
    """Whether there is an installation, and what was chosen for it."""

    namespace: str
    place: Seen
    """The namespace."""
    config: Seen
    """The ConfigMap `linkerd-config`."""
    values_error: str = ""
    """Why its values cannot be understood."""


@dataclass(frozen=True, kw_only=True)
class Running:
    """What runs in the control plane's namespace."""

    namespace: str
    upgrade: str
    """The command that brings back what is missing."""
    deployments: Seen
    pods: Seen
    """Those of the control plane."""
    events: Seen = NOTHING
    """Warnings about pods."""


def installed(facts: Installed) -> list[Check]:
    """All but the first depend on the one before."""
    namespace = facts.namespace
    hint = f"name another with --mesh-namespace, or install it: {installing(namespace)}"
    checks = [_there(f"the namespace {namespace} exists", facts.place, hint)]
    if checks[0].outcome == "error":
        return checks
    checks.append(_there(f"the ConfigMap {CONFIG} exists", facts.config, hint))
    if facts.config.error:
        # Nothing of the mesh can be said without it: that must not look well.
        checks[-1] = replace(checks[-1], outcome="error")
    if checks[-1].outcome == "success":
        again = "restore the ConfigMap, or say all values again with `hauberk install --ignore-cluster`"
        checks.append(verdict("its values can be understood", facts.values_error, again))
    return checks


def installing(namespace: str) -> str:
    """The commands."""
    here = option_for(namespace)
    return (
        f"hauberk install --crds | kubectl apply --server-side -f - and then hauberk install{here} | kubectl apply -f -"
    )


def option_for(namespace: str) -> str:
    """What a command needs that is about this control plane; empty where it is in the usual place."""
    return "" if namespace == DEFAULT_NAMESPACE else f" -n {namespace}"


def running(facts: Running) -> list[Check]:
    pods, deployments = facts.pods, facts.deployments
    return [
        unread("the control plane's Deployments are ready", deployments) or _deployments(facts),
        unread("the control plane's pods are ready", pods)
        or ready_check(
            "the control plane's pods are ready", unready(pods.documents, facts.events.documents), facts.namespace
        ),
    ]


def existence(checks: Sequence[Check]) -> Category:
    return Category("linkerd-existence", checks)


def _there(description: str, seen: Seen, hint: str) -> Check:
    missing = None if seen.documents else "there is none"
    return unread(description, seen) or verdict(description, missing, hint, settles=True)


def _deployments(facts: Running) -> Check:
    there = {document["metadata"]["name"]: document for document in facts.deployments.documents}
    wrong = [
        told for name in DEPLOYMENTS if (told := _deployment(there[name]) if name in there else f"{name} is missing")
    ]
    hint = (
        f"kubectl -n {facts.namespace} rollout status deployment; one that is missing comes back with {facts.upgrade}"
    )
    return verdict("the control plane's Deployments are ready", listed(wrong), hint, settles=True)


def _deployment(document: Document) -> str:
    """Empty where all of its replicas are ready, and of its newest form."""
    status, wanted = document.get("status") or {}, int(document["spec"].get("replicas", 1))
    name = called(document)
    if wanted == 0:
        return f"{name} is scaled to 0"
    if int(status.get("observedGeneration") or 0) < int(document["metadata"].get("generation") or 0):
        return f"{name} has changed, and nobody has acted on it yet"
    ready, updated = int(status.get("readyReplicas") or 0), int(status.get("updatedReplicas") or 0)
    if ready < wanted:
        return f"{name} has {ready} of {wanted} replicas ready"
    return f"{name} is being rolled out: {updated} of {wanted}" if updated < wanted else ""
