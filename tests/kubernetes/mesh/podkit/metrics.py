"""What a proxy counts."""

import urllib.request
from collections.abc import Sequence

from hauberk.telemetry.parse import Parser
from hauberk.telemetry.sample import Sample
from podkit.kubectl import Kubectl

ADMIN_PORT = 4191
_TIMEOUT_S = 5.0


def metrics_of(kubectl: Kubectl, namespace: str, pod: str) -> Sequence[Sample]:
    """The page of the proxy beside a pod's programs. The machine has routes to the pods' network."""
    address = kubectl.get("pod", pod, "--namespace", namespace)["status"]["podIP"]
    return Parser().parse(page_at(address))


def page_at(address: str, port: int = ADMIN_PORT) -> str:
    """As it is written."""
    with urllib.request.urlopen(f"http://{address}:{port}/metrics", timeout=_TIMEOUT_S) as answer:
        page: str = answer.read().decode()
    return page


def metric(page: Sequence[Sample], name: str, **labels: str) -> float:
    """The sum of the series that have these labels; 0 where there is none."""
    wanted = labels.items()
    return sum(s.value for s in page if s.series.name == name and wanted <= s.series.labels.items())
