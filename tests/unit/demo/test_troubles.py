"""What is told of pods that do not become ready."""

from typing import Any

from hauberk.demo.troubles import EVENTS_SHOWN_MAX, told


def pod(name: str, *, phase: str = "Pending", ready: bool = False, **status: Any) -> dict[str, Any]:
    conditions = [{"type": "Ready", "status": str(ready)}, *status.pop("conditions", [])]
    return {
        "metadata": {"name": name, "namespace": "shop"},
        "status": {"phase": phase, "conditions": conditions, **status},
    }


def event(note: str, time: str, kind: str = "Warning") -> dict[str, Any]:
    regarding = {"kind": "Pod", "name": "web"}
    return {"type": kind, "reason": "R", "note": note, "regarding": regarding, "deprecatedLastTimestamp": time}


def test_who_is_ready_is_not_told_of() -> None:
    assert told([pod("web", phase="Running", ready=True)], [event("all is well", "1", kind="Normal")]) == ""


def test_a_container_that_waits_or_has_ended_says_why() -> None:
    waiting = {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}
    ended = {"terminated": {"exitCode": 3, "message": "no file"}}
    unwell = pod(
        "web",
        initContainerStatuses=[{"name": "init", "ready": True, "state": {"terminated": {"exitCode": 0}}}],
        containerStatuses=[
            {"name": "web", "state": waiting},
            {"name": "side", "state": ended},
            {"name": "slow", "state": {"running": {}}, "ready": False},
        ],
    )
    assert told([unwell], []) == (
        "  pod web: web waits: ImagePullBackOff (no such image); side ended with 3 (no file); slow is not ready"
    )


def test_a_pod_without_a_place_says_so() -> None:
    full = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/2 nodes"}
    assert told([pod("web", conditions=[full])], []) == "  pod web: no node takes it: 0/2 nodes"


def test_the_latest_warnings_are_told_and_none_is_endless() -> None:
    events = [event(f"{number} {'x' * 1000}", f"{number}") for number in range(9)]
    lines = told([], list(reversed(events))).splitlines()
    assert [line.split()[4] for line in lines] == [str(number) for number in range(9 - EVENTS_SHOWN_MAX, 9)]
    assert all(len(line) < 320 for line in lines)


def test_what_is_said_again_and_again_is_told_once_by_its_latest_time() -> None:
    events = [event("again", "1"), event("other", "2"), event("again", "3")]
    assert [line.split()[-1] for line in told([], events).splitlines()] == ["other", "again"]
