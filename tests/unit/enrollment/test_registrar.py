"""Enrollments and reports against a store, in memory or one that refuses."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hauberk.apiserver.namespaces import Namespaces
from hauberk.enrollment.answer import EnrollmentStatus, Refusal
from hauberk.enrollment.lease import Leases
from hauberk.enrollment.mesh import Mesh
from hauberk.enrollment.registrar import Registrar
from hauberk.enrollment.report import Report, ReportedCondition
from hauberk.enrollment.request import EnrollmentSpec
from hauberk.model.metadata import ObjectMeta
from hauberk.model.namespace import Namespace
from hauberk.model.pod import Pod
from hauberk.runtime.clock import ManualClock
from hauberk.store.memory import MemoryStore
from hauberk.store.protocol import StoreUnavailable

OWNER = 1000


class Full(MemoryStore):
    """Its disk can be filled."""

    full = False

    async def update(self, resource: Any, *, expected: str | None) -> Any:
        if self.full:
            raise StoreUnavailable("the disk is full", "free some space")
        return await super().update(resource, expected=expected)


class Tokens:
    def mint(self, *, now: datetime, ttl: timedelta, **_: str) -> tuple[str, datetime]:
        return "token", now + ttl


class Place:
    def __init__(self, mesh: Mesh) -> None:
        self.clock = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
        self.store = Full(clock=self.clock)
        self.leases = Leases(duration_s=10, removal_s=60)
        self.registrar = Registrar(
            self.store,
            mesh,
            owner_uid=OWNER,
            clock=self.clock,
            leases=self.leases,
            tokens=Tokens(),
            trust_anchors=lambda: "",
            rng=random.Random(1),  # noqa: S311 - names, no secrets
        )

    async def enroll(self, **spec: Any) -> EnrollmentStatus | Refusal:
        return await self.registrar.enroll("default", EnrollmentSpec(name="web", **spec), uid=OWNER)

    async def report(self, pod: str, *types: str) -> Pod | Refusal:
        conditions = tuple(ReportedCondition(type=type_, status="True") for type_ in types)
        return await self.registrar.report(
            "default", pod, Report(uid=None, phase=None, conditions=conditions), uid=OWNER
        )


@pytest.fixture
def place(mesh: Mesh) -> Callable[[], Place]:
    return lambda: Place(mesh)


async def test_a_program_starts_with_the_default_policy_of_its_namespace(place: Callable[[], Place]) -> None:
    at = place()
    annotations = {"config.linkerd.io/default-inbound-policy": "deny", "config.linkerd.io/opaque-ports": "http, 90-91"}
    await at.store.create(Namespace(metadata=ObjectMeta(name="default", annotations=annotations)))
    first = await at.enroll()
    assert isinstance(first, EnrollmentStatus)
    assert first.environment["LINKERD2_PROXY_INBOUND_DEFAULT_POLICY"] == "deny"
    assert first.environment["LINKERD2_PROXY_INBOUND_PORTS_DISABLE_PROTOCOL_DETECTION"] == "90-91"
    own = await at.enroll(annotations={"config.linkerd.io/default-inbound-policy": "all-authenticated"})
    assert isinstance(own, EnrollmentStatus)
    assert own.environment["LINKERD2_PROXY_INBOUND_DEFAULT_POLICY"] == "all-authenticated"


@pytest.mark.parametrize("account", ["a" * 64, ".".join(["a" * 60] * 4)])
async def test_an_identity_that_is_no_dns_name_is_refused(place: Callable[[], Place], account: str) -> None:
    at = place()
    await Namespaces(at.store, mesh_namespace="hauberk").establish()
    refused = await at.enroll(service_account_name=account)
    assert isinstance(refused, Refusal)
    assert refused.field == "spec.serviceAccountName"


async def test_who_reports_is_not_silent_although_the_report_cannot_be_kept(place: Callable[[], Place]) -> None:
    at = place()
    await Namespaces(at.store, mesh_namespace="hauberk").establish()
    enrolled = await at.enroll()
    assert isinstance(enrolled, EnrollmentStatus)
    at.store.full = True
    at.clock.advance(9)
    with pytest.raises(StoreUnavailable):
        await at.report(enrolled.pod_name, "Ready")
    at.clock.advance(9)
    assert not at.leases.overdue({enrolled.pod_uid}, now=at.clock.monotonic()).silent


async def test_reports_cannot_make_a_pod_grow_without_end(place: Callable[[], Place]) -> None:
    at = place()
    await Namespaces(at.store, mesh_namespace="hauberk").establish()
    enrolled = await at.enroll()
    assert isinstance(enrolled, EnrollmentStatus)
    for number in range(40):
        await at.report(enrolled.pod_name, f"Type{number}")
    pod = await at.report(enrolled.pod_name, "Ready")
    assert isinstance(pod, Pod)
    assert pod.ready
    assert len(pod.status.conditions) == 16
