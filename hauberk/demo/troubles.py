"""What pods and events say of why something does not begin. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hauberk.demo.roster import is_ready

EVENTS_SHOWN_MAX = 5
"""The latest, each once."""
_TEXT_MAX = 300

Document = Mapping[str, Any]


def told(pods: Iterable[Document], events: Sequence[Document]) -> str:
    """Lines for a person: one for each pod that is not ready, then the latest warnings. Empty if all is well."""
    warnings = sorted((event for event in events if event.get("type") == "Warning"), key=_time, reverse=True)
    latest = list(dict.fromkeys(map(_event, warnings)))[:EVENTS_SHOWN_MAX]
    return "\n".join(
        [
            *(f"  pod {pod['metadata']['name']}: {state(pod)}" for pod in pods if not is_ready(pod)),
            *(f"  event {text}" for text in reversed(latest)),
        ]
    )


def state(pod: Document) -> str:
    """Its phase, and each container that does not do its work."""
    status = pod.get("status") or {}
    containers = [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]
    unwell = [f"{container['name']} {found}" for container in containers if (found := _of_container(container))]
    unscheduled = (c.get("message") for c in status.get("conditions") or () if c.get("reason") == "Unschedulable")
    return ", ".join([str(status.get("phase", "Pending")), *unwell, *(str(text) for text in unscheduled if text)])


def _of_container(container: Document) -> str:
    states = container.get("state") or {}
    if waiting := states.get("waiting"):
        return _short(f"waits: {waiting.get('reason', '')} {waiting.get('message', '')}".strip())
    if (ended := states.get("terminated")) and ended.get("exitCode"):
        return _short(f"ended with {ended['exitCode']} {ended.get('message', '')}".strip())
    return "" if ended or container.get("ready") else "is not ready"


def _event(event: Document) -> str:
    about = event.get("regarding") or {}
    return _short(
        f"{about.get('kind', '')} {about.get('name', '')}: {event.get('reason', '')}: {event.get('note', '')}"
    )


def _time(event: Document) -> str:
    return str(event.get("deprecatedLastTimestamp") or event.get("eventTime") or "")


def _short(text: str) -> str:
    return text if len(text) <= _TEXT_MAX else f"{text[:_TEXT_MAX]}…"
