"""The services `io.linkerd.proxy.inbound.InboundServerPolicies` and `…outbound.OutboundPolicies`."""

import asyncio
from collections.abc import Callable, Hashable
from typing import NoReturn, TypeAlias, TypeVar

import grpc.aio

from hauberk.catalog.caller import CLIENT_ID_HEADER, Callers, Workload, parse_workload
from hauberk.catalog.mesh import Mesh
from hauberk.catalog.refusal import Refusal
from hauberk.catalog.snapshot import Snapshot, Version
from hauberk.catalog.views import View, Views
from hauberk.policy import capability, decide, outbound, wire
from hauberk.policy.inbound_policy import ServerPolicy
from hauberk.policy.outbound_policy import OutboundPolicy
from hauberk.runtime.latest import Latest

INBOUND_SERVICE = "io.linkerd.proxy.inbound.InboundServerPolicies"
OUTBOUND_SERVICE = "io.linkerd.proxy.outbound.OutboundPolicies"

Context: TypeAlias = grpc.aio.ServicerContext[bytes, bytes]
Q = TypeVar("Q", bound=Hashable)
A = TypeVar("A")


class Policy:
    """Who may talk, and how. `run` keeps the answers current and must run as long as the server does."""

    def __init__(self, mesh: Mesh, latest: Latest[Snapshot], callers: Callers) -> None:
        self._latest = latest
        self._callers = callers
        self._inbound = Views[decide.Question, ServerPolicy | Refusal](
            lambda snapshot, question: capability.inbound_within(
                decide.decide(mesh, snapshot, question), question.capabilities
            ),
            latest.value,
        )
        self._outbound = Views[outbound.Question, OutboundPolicy | Refusal](
            lambda snapshot, question: capability.outbound_within(
                outbound.outbound(mesh, snapshot, question), question.capabilities
            ),
            latest.value,
        )

    @property
    def applied(self) -> Version:
        """The version that every answer given here reflects."""
        return min(self._inbound.applied, self._outbound.applied, key=lambda version: version.revision)

    def add_to(self, server: grpc.aio.Server) -> None:
        """Messages pass as bytes: they are encoded once, for all streams."""
        inbound = {
            "GetPort": grpc.unary_unary_rpc_method_handler(self._get_port),
            "WatchPort": grpc.unary_stream_rpc_method_handler(self._watch_port),
        }
        outward = {
            "Get": grpc.unary_unary_rpc_method_handler(self._get),
            "Watch": grpc.unary_stream_rpc_method_handler(self._watch),
        }
        server.add_generic_rpc_handlers(
            (
                grpc.method_handlers_generic_handler(INBOUND_SERVICE, inbound),
                grpc.method_handlers_generic_handler(OUTBOUND_SERVICE, outward),
            )
        )

    async def run(self) -> None:
        """Moves all answers to each new snapshot; where several came meanwhile, to the latest."""
        async for snapshot in self._latest.watch():
            for views in (self._inbound, self._outbound):
                for _ in views.refresh(snapshot):
                    await asyncio.sleep(0)

    async def _get_port(self, raw: bytes, context: Context) -> bytes:
        workload, question = await _port_question(raw, context)
        return await self._once(context, workload, self._inbound, question, wire.server)

    async def _watch_port(self, raw: bytes, context: Context) -> None:
        workload, question = await _port_question(raw, context)
        await self._stream(context, workload, self._inbound, question, wire.server)

    async def _get(self, raw: bytes, context: Context) -> bytes:
        workload, question = await _traffic_question(raw, context)
        return await self._once(context, workload, self._outbound, question, wire.outbound)

    async def _watch(self, raw: bytes, context: Context) -> None:
        workload, question = await _traffic_question(raw, context)
        await self._stream(context, workload, self._outbound, question, wire.outbound)

    async def _once(
        self,
        context: Context,
        workload: Workload,
        views: Views[Q, A | Refusal],
        question: Q,
        encode: Callable[[A], bytes],
    ) -> bytes:
        with (
            self._callers.admitted(views.snapshot, client_id_of(context), workload) as refusal,
            views.open(question) as view,
        ):
            if refusal is not None:
                await refuse(context, refusal)
            body = _body(view, encode)
            if isinstance(body, Refusal):
                await refuse(context, body)
            return body + wire.version_bytes(views.version_of(view))

    async def _stream(
        self,
        context: Context,
        workload: Workload,
        views: Views[Q, A | Refusal],
        question: Q,
        encode: Callable[[A], bytes],
    ) -> None:
        """The whole answer, and again whenever it changes. A slow reader skips what it did not read in time."""
        client_id = client_id_of(context)
        with self._callers.admitted(views.snapshot, client_id, workload) as refused:
            if refused is not None:
                await refuse(context, refused)
            with views.open(question) as view:
                refusal: Refusal | None = None
                while refusal is None:
                    seen = view.latest.version
                    body = _body(view, encode)
                    if isinstance(body, Refusal):
                        await refuse(context, body)
                    await context.write(body + wire.version_bytes(views.version_of(view)))
                    await view.latest.changed(seen)
                    refusal = self._callers.may_ask(views.snapshot, client_id, workload)
                await refuse(context, refusal)


def client_id_of(context: Context) -> str | None:
    """Who the front proxy says is calling; two such headers are none."""
    ids = [value for key, value in context.invocation_metadata() or () if key == CLIENT_ID_HEADER]
    return ids[0] if len(ids) == 1 and isinstance(ids[0], str) else None


async def refuse(context: Context, refusal: Refusal) -> NoReturn:
    await context.abort(grpc.StatusCode[refusal.reason.upper().replace("-", "_")], refusal.message)
    raise AssertionError("abort raises")


async def _port_question(raw: bytes, context: Context) -> tuple[Workload, decide.Question]:
    request = wire.read_port_spec(raw)
    if isinstance(request, Refusal):
        await refuse(context, request)
    workload = await _workload(request[0], context)
    return workload, decide.Question(
        namespace=workload.namespace,
        pod=workload.name,
        port=request[1],
        capabilities=capability.relevant(workload.capabilities),
    )


async def _traffic_question(raw: bytes, context: Context) -> tuple[Workload, outbound.Question]:
    request = wire.read_traffic_spec(raw)
    if isinstance(request, Refusal):
        await refuse(context, request)
    workload = await _workload(request[0], context)
    return workload, outbound.Question(
        authority=request[1],
        namespace=workload.namespace,
        capabilities=capability.relevant(workload.capabilities),
    )


async def _workload(token: str, context: Context) -> Workload:
    workload = parse_workload(token)
    if workload is None:
        await refuse(context, Refusal("invalid-argument", f'workload {token!r} is not {{"ns": NAMESPACE, "pod": POD}}'))
    return workload


def _body(view: View[A | Refusal], encode: Callable[[A], bytes]) -> bytes | Refusal:
    answer = view.latest.value
    return answer if isinstance(answer, Refusal) else view.shared("whole", lambda: encode(answer))
