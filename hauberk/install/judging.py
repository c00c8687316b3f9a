"""Whether a cluster can take an installation, and what of one has to go. Pure: what there is comes as documents."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hauberk.install.objects import COMPONENT_LABEL, NAMESPACE_LABEL, Document, name_of
from hauberk.install.overlap import overlap

_CREATED_BY = "linkerd.io/created-by"
_OWN = "hauberk/"
_LINKERDS = ".linkerd.io"
_OTHERS = ("istio.io", "consul.hashicorp.com", "kuma.io")
"""Ends of names of webhooks that inject for other meshes."""
_SHOWN_MAX = 10


@dataclass(frozen=True)
class Finding:
    """Something in the way."""

    message: str
    hint: str
    refuses: bool = True
    """False: it is only to be known."""


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """What there is."""

    configs: Sequence[Document] = ()
    """ConfigMaps `linkerd-config` of all namespaces."""
    injecting: Sequence[Document] = ()
    """MutatingWebhookConfigurations."""
    missing_crds: Sequence[str] = ()
    """Names of CustomResourceDefinitions that are needed."""


def for_install(cluster: Cluster, namespace: str, rendered: Iterable[Document]) -> list[Finding]:
    found = []
    for config in cluster.configs:
        where = str(config["metadata"].get("namespace", ""))
        if where == namespace:
            hint = f"change it with `{_upgrade(config, namespace)}`, or look at what it does with `hauberk check`"
            found.append(Finding(f"a mesh is installed already in the namespace {namespace}", hint))
        elif _is_ours(config):
            hint = f"change that one with `{_upgrade(config, where)}`, or remove it first"
            found.append(Finding(f"Hauberk is installed already in the namespace {where}", hint))
    return [*found, *_missing(cluster), *_twice(cluster, namespace, rendered)]


def for_upgrade(cluster: Cluster, namespace: str, rendered: Iterable[Document]) -> list[Finding]:
    """Who injects as well does so already: that is no reason to keep an old version."""
    twice = (replace(finding, refuses=False) for finding in _twice(cluster, namespace, rendered))
    return [*_missing(cluster), *twice]


def is_helms(document: Document) -> bool:
    return bool((document["metadata"].get("labels") or {}).get("app.kubernetes.io/managed-by") == "Helm")


def stale(there: Iterable[Document], rendered: Iterable[Document], *, kept: frozenset[str]) -> list[Document]:
    """Objects of an installation that it no longer has. Not those that belong to others, and no ConfigMap of `kept`."""
    wanted = {name_of(document) for document in rendered}
    return [
        document
        for document in there
        if (name := name_of(document)) not in wanted
        and not document["metadata"].get("ownerReferences")
        and not (name.kind == "ConfigMap" and name.name in kept)
    ]


def injected(pods: Iterable[Document]) -> list[str]:
    """Pods that have a proxy, as NAMESPACE/NAME; the control plane's own are none of them."""
    return sorted(
        f"{pod['metadata'].get('namespace', '')}/{pod['metadata']['name']}"
        for pod in pods
        if COMPONENT_LABEL not in (pod["metadata"].get("labels") or {})
        and (pod.get("status") or {}).get("phase") not in ("Succeeded", "Failed")
    )


def shown(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN_MAX
    return ", ".join(names[:_SHOWN_MAX]) + (f" and {more} more" if more > 0 else "")


def _missing(cluster: Cluster) -> Iterator[Finding]:
    if cluster.missing_crds:
        message = f"the cluster does not know {', '.join(cluster.missing_crds)}"
        yield Finding(message, "first: hauberk install --crds | kubectl apply --server-side -f -")


def _twice(cluster: Cluster, namespace: str, rendered: Iterable[Document]) -> Iterator[Finding]:
    ours = [webhook for document in rendered for webhook in _injecting(document)]
    for configuration in cluster.injecting:
        labels = configuration["metadata"].get("labels") or {}
        if labels.get(NAMESPACE_LABEL) == namespace and labels.get(COMPONENT_LABEL):
            continue
        for theirs in configuration.get("webhooks") or []:
            same = str(theirs["name"]).endswith(_LINKERDS) or labels.get(COMPONENT_LABEL) == "proxy-injector"
            if not same and not str(theirs["name"]).endswith(_OTHERS):
                continue
            if any(overlap(mine, theirs) for mine in ours):
                yield _overlapping(str(configuration["metadata"]["name"]), same=same)


def _overlapping(name: str, *, same: bool) -> Finding:
    if not same:
        message = f"the webhook {name} of another mesh may be asked about the same pods"
        return Finding(message, "see to it that no namespace asks both meshes for a proxy", refuses=False)
    hint = (
        "let each see other namespaces by a label: --set "
        "'proxyInjector.namespaceSelector.matchExpressions[0].key=LABEL,"
        "proxyInjector.namespaceSelector.matchExpressions[0].operator=Exists' here, and DoesNotExist there"
    )
    return Finding(f"the webhook {name} would put a second proxy beside the same programs", hint)


def _injecting(document: Document) -> list[Mapping[str, Any]]:
    return list(document.get("webhooks") or []) if document["kind"] == "MutatingWebhookConfiguration" else []


def _is_ours(config: Document) -> bool:
    return str((config["metadata"].get("annotations") or {}).get(_CREATED_BY, "")).startswith(_OWN)


def _upgrade(config: Document, namespace: str) -> str:
    return f"helm upgrade -n {namespace}" if is_helms(config) else f"hauberk upgrade -n {namespace}"
