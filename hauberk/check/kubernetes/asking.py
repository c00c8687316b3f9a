"""Asks a cluster whether a mesh may be installed, and tries what would be refused. Nothing is kept."""

from collections.abc import Iterable, Sequence
from typing import Any

from hauberk.check.kubernetes.api import api
from hauberk.check.kubernetes.chosen import rendered
from hauberk.check.kubernetes.clocks import Clocks, moment
from hauberk.check.kubernetes.gateway_api import gateway_api
from hauberk.check.kubernetes.looking import look_at_api
from hauberk.check.kubernetes.preparing import Permission, Preparation, Trial, preparing
from hauberk.check.kubernetes.reading import Reading, together
from hauberk.check.kubernetes.seen import Document
from hauberk.check.kubernetes.wish import Wish
from hauberk.check.report import Category
from hauberk.client import kinds
from hauberk.client.api import Client, Selector
from hauberk.client.errors import AlreadyExists, ApiError
from hauberk.client.kinds import OtherKind, qualified
from hauberk.install.looking import POD
from hauberk.install.objects import CONFIG, NAMESPACE, RENDERED, name_of
from hauberk.runtime.clock import Clock

_TRIED_IN = "default"
"""Where a program's pod is tried, and the control plane's as long as its namespace is not there."""
_LEASES = "kube-node-lease"
"""Where nodes renew theirs."""
_REFUSED_BY_POD_SECURITY = "violates PodSecurity"
_CAPABILITIES = ("NET_ADMIN", "NET_RAW")


async def look_before(client: Client, wish: Wish, clock: Clock) -> list[Category]:
    """Raises Unreachable when the API server goes away in between."""
    found = api(facts := await look_at_api(client, clock))
    if facts.error:
        return found
    reading, documents = Reading(client), rendered(wish.values, wish.namespace)
    seen = await together(
        {
            "configs": reading.all(kinds.CONFIG_MAP, selector=Selector(fields=f"metadata.name={CONFIG}")),
            "injecting": reading.all(kinds.MUTATING_WEBHOOK_CONFIGURATION),
            "crds": reading.all(kinds.CUSTOM_RESOURCE_DEFINITION),
            "place": reading.one(NAMESPACE, wish.namespace),
            "nodes": reading.all(kinds.NODE),
        }
    )
    tried = {"plain": _tried_pod(reading, _pod(documents), wish.namespace if seen["place"].documents else _TRIED_IN)}
    if not wish.values.cni.enabled:
        tried["redirecting"] = _tried_pod(reading, _redirecting(), _TRIED_IN)
    trials = await together(tried)
    preparation = Preparation(
        namespace=wish.namespace,
        rendered=documents,
        configs=seen["configs"],
        injecting=seen["injecting"],
        permissions=await _permissions(reading, documents),
        roles=await _roles(reading, documents),
        plain=trials["plain"],
        redirecting=trials.get("redirecting"),
        nodes=seen["nodes"],
        clocks=await _clocks(reading, clock),
    )
    return [*found, preparing(preparation), gateway_api(seen["crds"])]


async def _clocks(reading: Reading, clock: Clock) -> Clocks:
    """An API server writes the time into what it would have made."""
    leases = await reading.all(kinds.LEASE, _LEASES)
    metadata = {"generateName": "hauberk-check-", "namespace": _TRIED_IN}
    tried = await reading.trial(kinds.CONFIG_MAP, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})
    made = {} if isinstance(tried, ApiError) else tried.get("metadata") or {}
    return Clocks(here=clock.now(), server=moment(made.get("creationTimestamp")), leases=leases)


async def _permissions(reading: Reading, documents: Iterable[Document]) -> list[Permission]:
    """One question for each kind and namespace."""
    by_name = {(kind.group, kind.kind): kind for kind in (*RENDERED, kinds.CUSTOM_RESOURCE_DEFINITION)}
    wanted = {(kinds.CUSTOM_RESOURCE_DEFINITION, "")}
    for document in documents:
        name = name_of(document)
        wanted.add((by_name[name.group, name.kind], name.namespace))
    ordered = sorted(wanted, key=lambda pair: (qualified(pair[0]), pair[1]))
    found = await together({pair: _permission(reading, *pair) for pair in ordered})
    return list(found.values())


async def _permission(reading: Reading, kind: OtherKind, namespace: str) -> Permission:
    attributes = {"verb": "create", "group": kind.group, "resource": kind.plural, "namespace": namespace}
    asked = await reading.trial(
        kinds.SELF_SUBJECT_ACCESS_REVIEW,
        {
            "apiVersion": kinds.SELF_SUBJECT_ACCESS_REVIEW.api_version,
            "kind": kinds.SELF_SUBJECT_ACCESS_REVIEW.kind,
            "spec": {"resourceAttributes": attributes},
        },
        dry_run=False,  # A question is never kept.
    )
    what = f"create {qualified(kind)}" + (f" -n {namespace}" if namespace else "")
    if isinstance(asked, ApiError):
        return Permission(what, allowed=False, reason=asked.message)
    status: dict[str, Any] = asked.get("status") or {}
    return Permission(what, allowed=status.get("allowed") is True, reason=str(status.get("reason") or ""))


async def _roles(reading: Reading, documents: Sequence[Document]) -> list[Trial]:
    """Only those of the whole cluster: the others' namespace may not be there yet."""
    roles = [document for document in documents if document["kind"] == kinds.CLUSTER_ROLE.kind]
    tried = await together(
        {str(name_of(role)): reading.trial(kinds.CLUSTER_ROLE, role) for role in roles},
    )
    return [
        Trial(name, answer.message if isinstance(answer, ApiError) and not isinstance(answer, AlreadyExists) else "")
        for name, answer in tried.items()
    ]


async def _tried_pod(reading: Reading, pod: Document, namespace: str) -> Trial:
    metadata = {"generateName": "hauberk-check-", "namespace": namespace}
    answer = await reading.trial(POD, {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, **pod})
    if not isinstance(answer, ApiError):
        return Trial("pod")
    return Trial("pod", answer.message, unknown=_REFUSED_BY_POD_SECURITY not in answer.message)


def _pod(documents: Iterable[Document]) -> Document:
    """One of the control plane's, under an account that is there already."""
    deployment = next(document for document in documents if document["kind"] == kinds.DEPLOYMENT.kind)
    return {"spec": {**deployment["spec"]["template"]["spec"], "serviceAccountName": "default"}}


def _redirecting() -> Document:
    """No more than what PodSecurity looks at: an init container as root, with two capabilities."""
    security = {"runAsUser": 0, "capabilities": {"add": list(_CAPABILITIES)}}
    container = {"name": "linkerd-init", "image": "example.invalid/none", "securityContext": security}
    program = {"name": "program", "image": "example.invalid/none"}
    return {"spec": {"initContainers": [container], "containers": [program]}}
