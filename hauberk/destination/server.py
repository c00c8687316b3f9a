"""The streams of `io.linkerd.proxy.destination.Destination`, and the heartbeat of `hauberk.view.v1.Views`."""

import asyncio
from collections.abc import Callable, Hashable
from typing import NoReturn, TypeAlias, TypeVar

import grpc.aio

from hauberk.catalog.caller import CLIENT_ID_HEADER, Callers, Workload, parse_workload
from hauberk.catalog.mesh import Mesh
from hauberk.catalog.names import Authority
from hauberk.catalog.refusal import Refusal
from hauberk.catalog.snapshot import Snapshot, Version
from hauberk.catalog.views import View, Views
from hauberk.destination import resolve, wire
from hauberk.destination.answer import Candidates, Endpoints, Profile
from hauberk.destination.choose import Place, relevant, seen_from
from hauberk.destination.confirm import Heartbeat
from hauberk.destination.place import place_of
from hauberk.destination.profile import profile
from hauberk.runtime.latest import Latest

SERVICE = "io.linkerd.proxy.destination.Destination"
VIEWS_SERVICE = "hauberk.view.v1.Views"

Context: TypeAlias = grpc.aio.ServicerContext[bytes, bytes]
Q = TypeVar("Q", bound=Hashable)
A = TypeVar("A")


class Destination:
    """Where does it go. `run` keeps the answers current and must run as long as the server does."""

    def __init__(self, mesh: Mesh, latest: Latest[Snapshot], callers: Callers) -> None:
        self._mesh = mesh
        self._latest = latest
        self._callers = callers
        self._endpoints = Views[resolve.Question, Candidates | Refusal](
            lambda snapshot, question: resolve.resolve(mesh, snapshot, question), latest.value
        )
        self._profiles = Views[Authority, Profile | Refusal](
            lambda snapshot, authority: profile(mesh, snapshot, authority), latest.value
        )

    @property
    def applied(self) -> Version:
        """The version that every answer given here reflects."""
        return min(self._endpoints.applied, self._profiles.applied, key=lambda version: version.revision)

    def add_to(self, server: grpc.aio.Server) -> None:
        """Messages pass as bytes: they are encoded once, for all streams."""
        methods = {
            "Get": grpc.unary_stream_rpc_method_handler(self._get),
            "GetProfile": grpc.unary_stream_rpc_method_handler(self._get_profile),
        }
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, methods),))

    async def run(self) -> None:
        """Moves all answers to each new snapshot; where several came meanwhile, to the latest."""
        async for snapshot in self._latest.watch():
            for views in (self._endpoints, self._profiles):
                for _ in views.refresh(snapshot):
                    await asyncio.sleep(0)

    async def _get(self, raw: bytes, context: Context) -> None:
        request = wire.read_request(raw)
        if isinstance(request, Refusal):
            await refuse(context, request)
        authority, token = request
        question = resolve.question_of(self._mesh, authority)
        if isinstance(question, Refusal):
            await refuse(context, question)
        workload = parse_workload(token)
        says = _EndpointMessages(lambda: place_of(self._latest.value, workload))
        await self._stream(context, workload, self._endpoints, question, says)

    async def _get_profile(self, raw: bytes, context: Context) -> None:
        request = wire.read_request(raw)
        if isinstance(request, Refusal):
            await refuse(context, request)
        authority, token = request
        await self._stream(context, parse_workload(token), self._profiles, authority, _profile_messages)

    async def _stream(
        self,
        context: Context,
        workload: Workload | None,
        views: Views[Q, A],
        question: Q,
        messages: Callable[[View[A]], list[bytes] | Refusal],
    ) -> None:
        """The answer, and again whenever it changes. A slow reader skips what it did not read in time."""
        client_id = client_id_of(context)
        with self._callers.admitted(views.snapshot, client_id, workload) as refused:
            if refused is not None:
                await refuse(context, refused)
            with views.open(question) as view:
                refusal: Refusal | None = None
                while refusal is None:
                    seen = view.latest.version
                    bodies = messages(view)
                    if isinstance(bodies, Refusal):
                        await refuse(context, bodies)
                    await write(context, bodies, views.version_of(view))
                    await view.latest.changed(seen)
                    refusal = self._callers.may_ask(views.snapshot, client_id, workload)
                await refuse(context, refusal)


class Confirmation:
    """How fresh is what a proxy acts on: the heartbeat of `hauberk.view.v1.Views`."""

    def __init__(self, latest: Latest[Snapshot], callers: Callers, heartbeat: Heartbeat) -> None:
        self._latest = latest
        self._callers = callers
        self._heartbeat = heartbeat

    def add_to(self, server: grpc.aio.Server) -> None:
        methods = {"Confirm": grpc.unary_stream_rpc_method_handler(self._confirm)}
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(VIEWS_SERVICE, methods),))

    async def _confirm(self, raw: bytes, context: Context) -> None:
        token = wire.read_confirm_request(raw)
        if isinstance(token, Refusal):
            await refuse(context, token)
        client_id, workload = client_id_of(context), parse_workload(token)
        with self._callers.admitted(self._latest.value, client_id, workload) as refused:
            refusal = refused
            while refusal is None:
                await context.write(wire.confirmation(self._heartbeat.version(), self._heartbeat.interval_ms))
                await asyncio.sleep(self._heartbeat.interval_s)
                refusal = self._callers.may_ask(self._latest.value, client_id, workload)
            await refuse(context, refusal)


def client_id_of(context: Context) -> str | None:
    """Who the front proxy says is calling; two such headers are none."""
    ids = [value for key, value in context.invocation_metadata() or () if key == CLIENT_ID_HEADER]
    return ids[0] if len(ids) == 1 and isinstance(ids[0], str) else None


async def refuse(context: Context, refusal: Refusal) -> NoReturn:
    await context.abort(grpc.StatusCode[refusal.reason.upper().replace("-", "_")], refusal.message)
    raise AssertionError("abort raises")


async def write(context: Context, bodies: list[bytes], version: Version) -> None:
    """Only the last message of a change carries the version: the view holds once all of them are applied."""
    if not bodies:
        return
    for body in bodies[:-1]:
        await context.write(body)
    await context.write(bodies[-1] + wire.version_bytes(version))


class _EndpointMessages:
    """What one stream of endpoints says next. Streams of clients in places that make no difference share it."""

    def __init__(self, place: Callable[[], Place]) -> None:
        """`place` is asked for each message: a Node may get its zone after its first Pods."""
        self._place = place
        self._sent: tuple[int, Place, Endpoints] | None = None

    def __call__(self, view: View[Candidates | Refusal]) -> list[bytes] | Refusal:
        answer = view.latest.value
        if isinstance(answer, Refusal):
            return answer
        place = relevant(answer, self._place())
        endpoints = view.shared(("seen from", place), lambda: seen_from(answer, place))
        sent, self._sent = self._sent, (view.latest.version, place, endpoints)
        if sent is not None:
            old = sent[2]
            return view.shared(("since", sent[0], sent[1], place), lambda: wire.changes(old, endpoints))
        if not answer.exists:
            return Refusal("not-found", "there is no such Service")
        return view.shared(("whole", place), lambda: wire.whole(endpoints))


def _profile_messages(view: View[Profile | Refusal]) -> list[bytes] | Refusal:
    answer = view.latest.value
    return answer if isinstance(answer, Refusal) else view.shared("whole", lambda: [wire.profile(answer)])
