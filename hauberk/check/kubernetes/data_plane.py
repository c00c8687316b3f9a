"""Is every program in the mesh well served by its proxy? Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from hauberk.check.kubernetes.answers import Answers, answers
from hauberk.check.kubernetes.misplaced import misplaced
from hauberk.check.kubernetes.pods import is_ready, unready
from hauberk.check.kubernetes.proxies import fingerprint, has_proxy, is_programs, noted, proxy_is_ready, silent
from hauberk.check.kubernetes.seen import Document, Seen, annotations_of, called, joined, labels_of, unread
from hauberk.check.report import Category, Check, listed, verdict
from hauberk.injector.asked import ENABLED, INGRESS, INJECT
from hauberk.injector.notes import MESH_LABEL, PROXY_VERSION, TRUST_ROOT
from hauberk.injector.subject import PROXY
from hauberk.install.objects import UNTOUCHED_LABEL

_RESTART = "kubectl -n NAMESPACE rollout restart deployment/NAME (or what else made the pod)"


@dataclass(frozen=True, kw_only=True)
class DataPlane:
    """Programs, of one namespace or of all."""

    namespace: str
    """The control plane's."""
    version: str
    """That new proxies get; empty: not known."""
    bundle: Seen
    """The ConfigMap with the roots of now."""
    pods: Seen
    places: Seen
    """Namespaces."""
    others: Mapping[str, Seen] = field(default_factory=dict)
    """By kind: Services, and what makes pods."""
    said: Answers = field(default_factory=Answers)
    """By proxies, of themselves."""


def in_mesh(pod: Document, namespace: str) -> bool:
    """Whether it is a program's, with a proxy of the control plane in that namespace."""
    return is_programs(pod) and labels_of(pod).get(MESH_LABEL) == namespace and has_proxy(pod)


def data_plane(facts: DataPlane, now: datetime) -> Category:
    name, description = "linkerd-data-plane", "programs are in the mesh"
    if (check := unread(description, facts.pods)) is not None:
        return Category(name, (check,))
    running = [pod for pod in facts.pods.documents if is_programs(pod)]
    meshed = [pod for pod in running if in_mesh(pod, facts.namespace)]
    hint = "kubectl annotate namespace NAMESPACE linkerd.io/inject=enabled, and then " + _RESTART
    first = verdict(description, None if meshed else "there are none", hint, outcome="warning")
    proxies = (*_proxies(facts, meshed), *answers(facts.said, now)) if meshed else ()
    return Category(name, (first, *proxies, _forgotten(facts, running), _words(facts)))


def _proxies(facts: DataPlane, meshed: Sequence[Document]) -> tuple[Check, ...]:
    programs = [pod for pod in meshed if proxy_is_ready(pod) and not is_ready(pod)]
    roots = fingerprint(facts.bundle)
    return (
        verdict(
            "all proxies are ready",
            listed(silent(meshed)),
            _told_by(next((pod for pod in meshed if not proxy_is_ready(pod)), None), f" -c {PROXY}"),
            settles=True,
        ),
        verdict(
            "all pods with a proxy are ready",
            listed(unready(programs)),
            "their proxies are: look at the program, " + _told_by(programs[0] if programs else None),
            settles=True,
        ),
        verdict(
            "all proxies have the version that new ones get",
            listed(_different(meshed, PROXY_VERSION, facts.version)),
            _RESTART,
            outcome="warning",
        ),
        unread("all proxies know the trust roots of now", facts.bundle)
        or verdict(
            "all proxies know the trust roots of now",
            listed(_different(meshed, TRUST_ROOT, roots)),
            "while both bundles have the root that signs, all is well; to take an old one out, first " + _RESTART,
            outcome="warning",
        ),
    )


def _told_by(pod: Document | None, words: str = "") -> str:
    """The commands that say more of a pod; the others' are alike."""
    if pod is None:
        return ""
    namespace, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
    return f"kubectl -n {namespace} describe pod {name}, and kubectl -n {namespace} logs {name}{words}"


def _different(meshed: Sequence[Document], key: str, wanted: str) -> list[str]:
    """Those whose note of it says something else. Where nothing is known nothing is said."""
    return [
        f"{called(pod)}: {noted(pod, key)[:16] or 'it does not say'}"
        for pod in meshed
        if wanted and noted(pod, key) != wanted
    ]


def _forgotten(facts: DataPlane, running: Sequence[Document]) -> Check:
    description = "all pods that ask for a proxy have one"
    places = {place["metadata"]["name"]: place for place in facts.places.documents}
    wrong = [called(pod) for pod in running if not has_proxy(pod) and _asks(pod, places, facts.namespace)]
    hint = (
        f"those from before the injector, or from while it was away: {_RESTART}; "
        f"kubectl -n NAMESPACE get events says why one was refused"
    )
    return unread(description, facts.places) or verdict(description, listed(wrong), hint, outcome="warning")


def _asks(pod: Document, places: Mapping[str, Document], mesh_namespace: str) -> bool:
    """As the injector decides."""
    namespace = pod["metadata"]["namespace"]
    place = places.get(namespace)
    if (
        namespace in (mesh_namespace, "kube-system")
        or place is None
        or labels_of(place).get(UNTOUCHED_LABEL) == "disabled"
    ):
        return False
    if (pod.get("spec") or {}).get("hostNetwork"):
        return False
    return annotations_of(pod).get(INJECT, annotations_of(place).get(INJECT)) in (ENABLED, INGRESS)


def _words(facts: DataPlane) -> Check:
    description = "labels and annotations of the mesh are where they mean something"
    found = {"Namespace": facts.places, "Pod": facts.pods, **facts.others}
    wrong = [told for kind, seen in found.items() for document in seen.documents for told in misplaced(kind, document)]
    hint = (
        "linkerd.io/inject and config.linkerd.io/... are annotations of a Namespace or of a pod "
        "(spec.template.metadata of what makes it)"
    )
    return unread(description, joined(found.values())) or verdict(description, listed(wrong), hint, outcome="warning")
