"""Do tool, control plane and proxies have one version? Pure."""

import re
from collections.abc import Iterable, Sequence

from hauberk.check.kubernetes.seen import Document, called, ended, labels_of
from hauberk.check.report import Category, Check, listed, verdict
from hauberk.install.objects import COMPONENT_LABEL

VERSION_LABEL = "app.kubernetes.io/version"


def major_minor(text: str) -> tuple[int, int] | None:
    """The first two numbers, as of v1.35.4+k3s1; None where there are none."""
    found = re.match(r"v?(\d{1,4})\.(\d{1,4})", text)
    return None if found is None else (int(found[1]), int(found[2]))


def version_of(config: Document | None) -> str:
    """Of the manifests that were applied last; empty where nobody says."""
    return "" if config is None else labels_of(config).get(VERSION_LABEL, "")


def versions(tool: str, installed: str, pods: Sequence[Document], *, upgrade: str, namespace: str) -> Category:
    """`installed`: of the manifests; `pods`: the control plane's; `upgrade`: the command for it."""
    return Category("control-plane-version", (_of_tool(tool, installed, upgrade), _of_pods(installed, pods, namespace)))


def _of_tool(tool: str, installed: str, upgrade: str) -> Check:
    error = f"the control plane is {installed or 'of an unknown version'}, this tool {tool}"
    hint = f"{upgrade}; or use the tool of the control plane's version"
    description = "the control plane has the version of this tool"
    return verdict(description, error if tool != installed else None, hint, outcome="warning")


def _of_pods(installed: str, pods: Iterable[Document], namespace: str) -> Check:
    other = [
        f"{called(pod)} is {labels_of(pod).get(VERSION_LABEL) or 'of an unknown version'}"
        for pod in pods
        if COMPONENT_LABEL in labels_of(pod) and not ended(pod) and labels_of(pod).get(VERSION_LABEL) != installed
    ]
    hint = f"kubectl -n {namespace} rollout status deployment: a rollout that does not end says why"
    return verdict("the control plane's pods have its version", listed(other), hint, outcome="warning")
