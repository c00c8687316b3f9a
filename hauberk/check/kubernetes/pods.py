"""Why a pod is not ready, in kubelet's words. Pure."""

from collections.abc import Iterable, Mapping, Sequence

from hauberk.check.kubernetes.seen import Document, called, condition, containers_of, ended
from hauberk.check.report import Check, listed, verdict

_SHOWN = 300
"""Characters of what a container said."""
_MOST = 5


def is_ready(pod: Document) -> bool:
    return condition(pod, "Ready").get("status") == "True"


def unready(pods: Iterable[Document], events: Iterable[Document] = ()) -> list[str]:
    """Each pod that is to run and is not ready, and why."""
    said = _latest(events)
    return [
        f"{called(pod)}: {why(pod, said.get(called(pod), ''))}" for pod in pods if not ended(pod) and not is_ready(pod)
    ]


def why(pod: Document, event: str = "") -> str:
    """`event`: what was reported of it last; it says most where a probe fails."""
    told = [*_scheduling(pod), *(word for status in containers_of(pod) if (word := _container(status)))]
    if event and not any(event in word for word in told):
        told.append(event)
    return "; ".join(told[:_MOST]) or str((pod.get("status") or {}).get("phase") or "nobody says why")


def ready_check(description: str, wrong: Sequence[str], namespace: str) -> Check:
    hint = f"kubectl -n {namespace} describe pod POD, and kubectl -n {namespace} logs POD --all-containers"
    return verdict(description, listed(wrong), hint, settles=True)


def _scheduling(pod: Document) -> list[str]:
    found = condition(pod, "PodScheduled")
    return [f"no node takes it: {_short(found.get('message'))}"] if found.get("status") == "False" else []


def _container(status: Document) -> str:
    """Empty where nothing is wrong with it."""
    name, state = status["name"], status.get("state") or {}
    waiting, terminated = state.get("waiting"), state.get("terminated")
    last = (status.get("lastState") or {}).get("terminated")
    before = f", ended with {last.get('exitCode')}{_quoted(last)}" if last else ""
    if waiting and waiting.get("reason") not in (None, "PodInitializing"):
        return f"{name} waits: {waiting['reason']}{_quoted(waiting)}{before}"
    if terminated and terminated.get("exitCode"):
        return f"{name} ended with {terminated['exitCode']}{_quoted(terminated)}"
    if state.get("running") is not None and not status.get("ready"):
        restarts = int(status.get("restartCount") or 0)
        return f"{name} is not ready" + (f" ({restarts} restarts{before})" if restarts else "")
    return ""


def _latest(events: Iterable[Document]) -> Mapping[str, str]:
    """By pod, as NAMESPACE/NAME. Kubernetes has two ways to say when, both of which sort as text (RFC 3339)."""
    found: dict[str, tuple[str, str]] = {}
    for event in events:
        about = event.get("involvedObject") or {}
        if about.get("kind") != "Pod":
            continue
        key = f"{about.get('namespace', '')}/{about.get('name', '')}"
        at = str(event.get("lastTimestamp") or event.get("eventTime") or "")
        if key not in found or found[key][0] <= at:
            found[key] = at, f"{event.get('reason', '')}: {_short(event.get('message'))}"
    return {key: text for key, (_, text) in found.items()}


def _quoted(state: Document) -> str:
    return f" ({_short(state['message'])})" if state.get("message") else ""


def _short(text: object) -> str:
    found = " ".join(str(text or "").split())
    return found if len(found) <= _SHOWN else found[:_SHOWN] + "…"
