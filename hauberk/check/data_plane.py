"""Is every program in the mesh well served by its proxy? Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from hauberk.check.report import Category, Check, listed, verdict

VIEW_AGE_MAX_S = 30.0
"""Views are confirmed every 5 s; a proxy that has heard nothing for longer acts on what it knew."""

_NO_PROXY = ("Starting", "LeaseExpired")
"""Of pods that are not ready for these reasons no proxy is expected to answer."""
_REASONS = {
    "Starting": "it has just started",
    "NotServing": "the program does not answer its ready check",
    "ProxyNotReady": "its proxy is down and being started again",
    "LeaseExpired": "its runner does not report",
}


@dataclass(frozen=True, slots=True)
class PodFacts:
    """What the control plane and the pod's own proxy say. None where nobody says anything."""

    name: str
    ready: bool
    reason: str = ""
    """Why it is not ready, as one word of the runner's."""
    proxy_error: str | None = None
    """Why its proxy was not read."""
    certificate_expires: datetime | None = None
    view_age_s: float | None = None


def pod_facts(
    item: Mapping[str, Any], *, error: str | None, expires_s: float | None, view_age_s: float | None
) -> PodFacts:
    """The facts from a Pod's JSON and from what its proxy said. `expires_s` are seconds since the epoch."""
    metadata, status = item.get("metadata") or {}, item.get("status") or {}
    ready: Mapping[str, Any] = next((c for c in status.get("conditions") or () if c.get("type") == "Ready"), {})
    return PodFacts(
        name=f"{metadata.get('namespace', '')}/{metadata.get('name', '')}",
        ready=ready.get("status") == "True",
        reason=str(ready.get("reason") or ""),
        proxy_error=error,
        certificate_expires=None if expires_s is None else datetime.fromtimestamp(expires_s, UTC),
        view_age_s=view_age_s,
    )


def data_plane(pods: Sequence[PodFacts], now: datetime) -> Category:
    name = "hauberk-data-plane"
    if not pods:
        return Category(
            name, (Check("programs are in the mesh", "warning", "there are none", "see hauberk run --help"),)
        )
    unready = [f"{pod.name}: {_REASONS.get(pod.reason, pod.reason or 'unknown why')}" for pod in pods if not pod.ready]
    silent = [
        f"{pod.name}: {pod.proxy_error}" for pod in pods if pod.proxy_error is not None and pod.reason not in _NO_PROXY
    ]
    expired = [
        f"{pod.name}: since {pod.certificate_expires:%Y-%m-%d %H:%M:%S} UTC"
        for pod in pods
        if pod.certificate_expires is not None and pod.certificate_expires <= now
    ]
    old = [f"{pod.name}: {pod.view_age_s:.0f} s" for pod in pods if (pod.view_age_s or 0.0) > VIEW_AGE_MAX_S]
    return Category(
        name,
        (
            Check("programs are in the mesh"),
            verdict(
                "all pods are ready",
                listed(unready),
                "look at the program's output, and for its proxy at proxy.log in /run/hauberk/workloads/POD",
            ),
            verdict("all proxies answer", listed(silent), "the proxy is dead or blocked: see its proxy.log"),
            verdict(
                "all proxies' certificates are valid",
                listed(expired),
                "the proxy cannot renew it: see hauberk-identity above and the proxy's log",
            ),
            verdict(
                f"all proxies' views are younger than {VIEW_AGE_MAX_S:.0f} s",
                listed(old),
                "the proxy does not reach the control plane and acts on what it knew: see its proxy.log",
                outcome="warning",
            ),
        ),
    )
