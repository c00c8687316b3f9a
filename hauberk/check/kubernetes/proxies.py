"""The proxy in a pod, as the pod tells of it. Pure."""

from collections.abc import Iterable
from hashlib import sha256

from hauberk.check.kubernetes.pods import why
from hauberk.check.kubernetes.seen import Document, Seen, annotations_of, called, containers_of, ended, labels_of
from hauberk.check.report import Category, Check, listed, verdict
from hauberk.identity.kept import bundle_in
from hauberk.injector.subject import PROXY
from hauberk.install.objects import COMPONENT_LABEL


def has_proxy(pod: Document) -> bool:
    spec = pod.get("spec") or {}
    containers = (*(spec.get("initContainers") or ()), *(spec.get("containers") or ()))
    return any(container.get("name") == PROXY for container in containers)


def is_programs(pod: Document) -> bool:
    """Whether it is no part of the control plane, and still to run."""
    return COMPONENT_LABEL not in labels_of(pod) and not ended(pod)


def proxy_is_ready(pod: Document) -> bool:
    return any(status["name"] == PROXY and status.get("ready") for status in containers_of(pod))


def silent(pods: Iterable[Document]) -> list[str]:
    """Those whose proxy is not ready, and why."""
    return [f"{called(pod)}: {why(pod)}" for pod in pods if not proxy_is_ready(pod)]


def fingerprint(bundle: Seen) -> str:
    """Of the roots, as the injector notes it; empty where they are not known."""
    return "" if bundle.first is None else sha256(bundle_in(dict(bundle.first)).encode()).hexdigest()


def noted(pod: Document, key: str) -> str:
    return annotations_of(pod).get(key, "")


def front(pods: Iterable[Document], namespace: str) -> Category:
    """The proxies in front of the control plane, through which all others ask it."""
    found = [pod for pod in pods if has_proxy(pod) and not ended(pod)]
    hint = (
        f"kubectl -n {namespace} logs POD -c {PROXY}; it waits for roots and its certificate, so for linkerd-identity"
    )
    ready: Check = verdict(
        "the proxies of the control plane are ready",
        listed(silent(found)) if found else "there are none",
        hint,
        settles=True,
    )
    return Category("linkerd-control-plane-proxy", (ready,))
