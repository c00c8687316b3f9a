"""Carries out what was decided: enrollments, reports and farewells of workloads become writes to the store."""

import asyncio
import random
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from ipaddress import AddressValueError, IPv4Address

from hauberk.enrollment.admit import Admission, Facts, Request, admit
from hauberk.enrollment.answer import EnrollmentStatus, Refusal
from hauberk.enrollment.lease import Leases
from hauberk.enrollment.mesh import Mesh
from hauberk.enrollment.permission import may_run_as
from hauberk.enrollment.report import Report, reported
from hauberk.enrollment.request import EnrollmentSpec
from hauberk.enrollment.tokens import TokenMinter
from hauberk.model.kinds import Resource, kind_named
from hauberk.model.namespace import Namespace
from hauberk.model.pod import Pod
from hauberk.model.service import Service
from hauberk.model.serviceaccount import ServiceAccount
from hauberk.runtime.clock import Clock
from hauberk.store.protocol import AlreadyExists, Conflict, NotFound, Ref, Store, ref_of

_POD = kind_named("", "Pod")
_SERVICE = kind_named("", "Service")
_SUFFIX_LENGTH = 5
_SUFFIX_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"  # Kubernetes': no vowels, hence no words; nothing that looks alike
_REPORT_ATTEMPTS = 8


class Registrar:
    """Registers workloads. There is one in a process: its lock keeps two admissions from getting one address."""

    def __init__(
        self,
        store: Store,
        mesh: Mesh,
        *,
        owner_uid: int,
        clock: Clock,
        leases: Leases,
        tokens: TokenMinter,
        trust_anchors: Callable[[], str],
        rng: random.Random,
    ) -> None:
        """`owner_uid` is the user who started the control plane; `trust_anchors` returns PEM text."""
        self.allocation = asyncio.Lock()
        self._store = store
        self._mesh = mesh
        self._owner_uid = owner_uid
        self._clock = clock
        self._leases = leases
        self._tokens = tokens
        self._trust_anchors = trust_anchors
        self._rng = rng

    async def enroll(self, namespace: str, spec: EnrollmentSpec, *, uid: int) -> EnrollmentStatus | Refusal:
        """Admit a program as a workload, or say why not. Raises what the store raises."""
        async with self.allocation:
            facts, pods = await self._facts(namespace, spec)
            request = Request(
                namespace=namespace,
                spec=spec,
                uid=uid,
                owner_uid=self._owner_uid,
                now=self._clock.now(),
                suffix=self._suffix({pod.metadata.name for pod in pods}, spec.name),
            )
            admission = admit(request, facts, self._mesh)
            if isinstance(admission, Refusal):
                return admission
            pod = await self._write(admission)
        self._leases.renew(pod.metadata.uid, now=self._clock.monotonic())
        return self._status(pod, admission)

    async def report(self, namespace: str, name: str, report: Report, *, uid: int) -> Pod | Refusal:
        """Take a runner's report, which renews the lease; writes only what has changed."""
        for _ in range(_REPORT_ATTEMPTS):
            pod = await self._permitted_pod(namespace, name, uid=uid)
            if isinstance(pod, Refusal):
                return pod
            if report.uid and report.uid != pod.metadata.uid:
                return Refusal("Conflict", f"pod {name} is another one by now", "enroll again", "metadata.uid")
            # Before the write, which a full disk may refuse: who reports is not silent.
            self._leases.renew(pod.metadata.uid, now=self._clock.monotonic())
            changed = reported(pod, report, now=self._clock.now())
            if changed is not None:
                try:
                    pod = await self._store.update(changed, expected=pod.metadata.resource_version)
                except (Conflict, NotFound):
                    continue
            return pod
        return Refusal("Conflict", f"pod {name} changes faster than it can be written", "report again")

    async def release(self, namespace: str, name: str, *, uid: int, pod_uid: str | None = None) -> Pod | Refusal:
        """Remove a workload that is gone; `pod_uid` guards against removing its successor."""
        pod = await self._permitted_pod(namespace, name, uid=uid)
        if isinstance(pod, Refusal):
            return pod
        if pod_uid and pod_uid != pod.metadata.uid:
            return Refusal(
                "Conflict", f"pod {name} is another one by now", "nothing is left to do", "preconditions.uid"
            )
        try:
            await self._store.delete(ref_of(pod), uid=pod.metadata.uid)
        except (NotFound, Conflict):
            return Refusal("NotFound", f'pods "{name}" not found', "nothing is left to do")
        self._leases.forget(pod.metadata.uid)
        return pod

    async def token(
        self, namespace: str, account: str, *, pod_name: str, pod_uid: str, ttl: timedelta | None, uid: int
    ) -> tuple[str, datetime] | Refusal:
        """Make a fresh token for a workload that is registered under this ServiceAccount."""
        pod = await self._permitted_pod(namespace, pod_name, uid=uid)
        if isinstance(pod, Refusal):
            return pod
        if pod.spec.service_account_name != account:
            return Refusal(
                "Invalid",
                f"pod {pod_name} runs as ServiceAccount {pod.spec.service_account_name}, not {account}",
                "ask for a token of its own account",
                "spec.boundObjectRef.name",
            )
        if pod_uid and pod_uid != pod.metadata.uid:
            return Refusal(
                "Conflict", f"pod {pod_name} is another one by now", "enroll again", "spec.boundObjectRef.uid"
            )
        longest = timedelta(seconds=self._mesh.token_ttl_seconds)
        return self._mint(pod, min(ttl or longest, longest))

    async def _facts(self, namespace: str, spec: EnrollmentSpec) -> tuple[Facts, list[Pod]]:
        pods = [pod for pod in (await self._store.list(_POD)).items if isinstance(pod, Pod)]
        services = [service for service in (await self._store.list(_SERVICE)).items if isinstance(service, Service)]
        neighbours = [pod for pod in pods if pod.metadata.namespace == namespace]
        place = await self._find(Ref("", "Namespace", "", namespace))
        return (
            Facts(
                namespace=place if isinstance(place, Namespace) else None,
                service_account=await self._account(namespace, spec.service_account_name),
                service=next(
                    (s for s in services if (s.metadata.namespace, s.metadata.name) == (namespace, spec.name)), None
                ),
                namesakes=_listening(neighbours, spec.name),
                pod_addresses=frozenset(_addresses(pod.status.pod_ip for pod in pods)),
                service_addresses=frozenset(_addresses(service.spec.cluster_ip for service in services)),
                trust_anchors=self._trust_anchors(),
            ),
            neighbours,
        )

    async def _write(self, admission: Admission) -> Pod:
        if admission.new_account is not None:
            # Made by somebody else in this moment: that is what was wanted.
            with suppress(AlreadyExists):
                await self._store.create(admission.new_account)
        if admission.service is not None:
            service = admission.service.service
            if admission.service.is_new:
                await self._store.create(service)
            else:
                await self._store.update(service, expected=service.metadata.resource_version)
        pod = await self._store.create(admission.pod)
        if not isinstance(pod, Pod):
            raise TypeError(f"the store answered a Pod with a {type(pod).__name__}")
        return pod

    def _status(self, pod: Pod, admission: Admission) -> EnrollmentStatus:
        token, expires = self._mint(pod, timedelta(seconds=self._mesh.token_ttl_seconds))
        domain = self._mesh.cluster_domain
        return EnrollmentStatus(
            pod_name=pod.metadata.name,
            pod_uid=pod.metadata.uid,
            pod_ip=pod.status.pod_ip,
            prefix_length=self._mesh.pod_network.prefixlen,
            gateway=str(self._mesh.gateway),
            bridge=self._mesh.bridge,
            service_network=str(self._mesh.service_network),
            identity=admission.identity,
            token=token,
            token_expiration_timestamp=expires,
            lease_duration_seconds=self._mesh.lease_seconds,
            search_domains=(f"{pod.metadata.namespace}.svc.{domain}", f"svc.{domain}", domain),
            cluster_domain=domain,
            environment=admission.environment,
        )

    def _mint(self, pod: Pod, ttl: timedelta) -> tuple[str, datetime]:
        return self._tokens.mint(
            namespace=pod.metadata.namespace,
            service_account=pod.spec.service_account_name,
            pod_name=pod.metadata.name,
            pod_uid=pod.metadata.uid,
            now=self._clock.now(),
            ttl=ttl,
        )

    async def _permitted_pod(self, namespace: str, name: str, *, uid: int) -> Pod | Refusal:
        pod = await self._find(Ref("", "Pod", namespace, name))
        if not isinstance(pod, Pod):
            return Refusal("NotFound", f'pods "{name}" not found', "enroll again")
        account = await self._account(namespace, pod.spec.service_account_name)
        annotations = account.metadata.annotations if account is not None else {}
        if may_run_as(uid, owner_uid=self._owner_uid, annotations=annotations):
            return pod
        return Refusal(
            "Forbidden",
            f"uid {uid} may not act for pod {name}, which runs as ServiceAccount {pod.spec.service_account_name}",
            "do it as root, or as the user who runs the program",
        )

    async def _account(self, namespace: str, name: str) -> ServiceAccount | None:
        found = await self._find(Ref("", "ServiceAccount", namespace, name))
        return found if isinstance(found, ServiceAccount) else None

    async def _find(self, ref: Ref) -> Resource | None:
        try:
            return await self._store.get(ref)
        except NotFound:
            return None

    def _suffix(self, names: Collection[str], name: str) -> str:
        """Draw until the name is free: with 14 million suffixes the first one nearly always is."""
        while True:
            suffix = "".join(self._rng.choices(_SUFFIX_ALPHABET, k=_SUFFIX_LENGTH))
            if f"{name}-{suffix}" not in names:
                return suffix


def _listening(pods: Iterable[Pod], name: str) -> frozenset[int]:
    return frozenset(
        port.container_port
        for pod in pods
        if pod.metadata.labels.get("app") == name and pod.spec.containers
        for port in pod.spec.containers[0].ports
    )


def _addresses(texts: Iterable[str | None]) -> Iterator[IPv4Address]:
    for text in texts:
        try:
            yield IPv4Address(text or "")
        except AddressValueError:
            continue  # a headless Service has the address "None"
