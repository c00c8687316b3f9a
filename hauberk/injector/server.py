"""Answers the API server: pods get their proxies, Services and others their notes; owners and counters are told."""

import logging
from collections.abc import Callable
from typing import Any

from hauberk.injector.cluster import Cluster, Event, Recorder
from hauberk.injector.installation import Installation
from hauberk.injector.metrics import Metrics
from hauberk.injector.outcome import Injected, Outcome, Reason, Refused, Skipped
from hauberk.injector.patch import note, patch
from hauberk.injector.subject import Owner, Place, SubjectInvalid, owner_in, read
from hauberk.webhook.review import Allowed, Answer, Denied, Request
from hauberk.webhook.server import Unanswerable

_MADE_FOR_OTHERS = ("ReplicaSet", "Job")
_MESSAGE_MAX = 1024
"""Of an event (Kubernetes' limit)."""
REFUSED = "invalid_configuration"
"""The reason in metrics where a pod was refused."""

log = logging.getLogger(__name__)


class Injector:
    """`ask` is what the webhook serves. `installation` is asked for each time: roots and values may change."""

    def __init__(
        self, installation: Callable[[], Installation], cluster: Cluster, recorder: Recorder, metrics: Metrics
    ) -> None:
        self._installation = installation
        self._cluster = cluster
        self._recorder = recorder
        self._metrics = metrics

    async def ask(self, request: Request) -> Answer:
        """Raises Unanswerable."""
        what = (request.kind.group, request.kind.kind)
        if request.operation != "CREATE" or request.document is None or what not in (("", "Pod"), ("", "Service")):
            return Allowed()
        place = await self._cluster.place(request.namespace)
        if place is None:
            raise Unanswerable(f"namespace {request.namespace} is not known")
        if request.kind.kind == "Service":
            return self._service(request.document, place)
        return await self._pod(request, request.document, place)

    def _service(self, document: dict[str, Any], place: Place) -> Answer:
        self._metrics.asked("Service", place.name)
        try:
            operations = note(document, place)
        except SubjectInvalid as error:
            return Denied(f"this is no Service: {error}")
        self._metrics.answered("Service", place.name, skip_reason=Reason.UNSUPPORTED, annotation_at="")
        return Allowed(operations)

    async def _pod(self, request: Request, document: dict[str, Any], place: Place) -> Answer:
        owner = await self._owner(document, place)
        kind = "Pod" if owner is None else owner.kind
        self._metrics.asked(kind, place.name)
        outcome = patch(document, place, owner, self._installation())
        self._metrics.answered(kind, place.name, skip_reason=_reason(outcome), annotation_at=outcome.annotation_at)
        event = _event(outcome, place, owner) if owner is not None else None
        if event is not None and not request.dry_run:
            self._recorder.record(event)
        return _answer(outcome)

    async def _owner(self, document: dict[str, Any], place: Place) -> Owner | None:
        """The workload on top."""
        try:
            found = owner_in(read(document))
        except SubjectInvalid:
            return None
        if found is None or found.kind not in _MADE_FOR_OTHERS:
            return found
        return await self._cluster.owner(place.name, found) or found


def _reason(outcome: Outcome) -> str:
    match outcome:
        case Injected():
            return ""
        case Skipped(reason=reason):
            return reason
        case Refused():
            return REFUSED


def _answer(outcome: Outcome) -> Answer:
    match outcome:
        case Injected(operations=operations, warnings=warnings):
            return Allowed(operations, warnings)
        case Skipped(operations=operations):
            return Allowed(operations)
        case Refused(reasons=reasons):
            return Denied("a proxy beside these programs could not do what is asked of it: " + "; ".join(reasons))


def _event(outcome: Outcome, place: Place, owner: Owner) -> Event | None:
    """None where nobody asked for a proxy: most pods of a cluster may well be such."""
    match outcome:
        case Injected(warnings=()):
            return Event(place.name, owner, "Injected", "a proxy was put beside the programs", warning=False)
        case Injected(warnings=warnings):
            text = "a proxy was put beside the programs, but " + "; ".join(warnings)
            return Event(place.name, owner, "Injected", text[:_MESSAGE_MAX], warning=True)
        case Skipped(reason=Reason.ABSENT | Reason.PROTECTED):
            return None
        case Skipped(reason=reason):
            quiet = reason in (Reason.DISABLED, Reason.SIDECAR)
            return Event(place.name, owner, "InjectionSkipped", f"no proxy: {reason.told}", warning=not quiet)
        case Refused(reasons=reasons):
            return Event(place.name, owner, "InjectionFailed", "; ".join(reasons)[:_MESSAGE_MAX], warning=True)
