"""What pods and events say of why something does not begin. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hauberk.check.kubernetes.pods import is_ready, why

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
            *(f"  pod {pod['metadata']['name']}: {why(pod)}" for pod in pods if not is_ready(pod)),
            *(f"  event {text}" for text in reversed(latest)),
        ]
    )


def _event(event: Document) -> str:
    about = event.get("regarding") or {}
    return _short(
        f"{about.get('kind', '')} {about.get('name', '')}: {event.get('reason', '')}: {event.get('note', '')}"
    )


def _time(event: Document) -> str:
    return str(event.get("deprecatedLastTimestamp") or event.get("eventTime") or "")


def _short(text: str) -> str:
    return text if len(text) <= _TEXT_MAX else f"{text[:_TEXT_MAX]}…"
