"""The service `io.linkerd.proxy.identity.Identity`."""

import logging
from collections import OrderedDict
from typing import NoReturn, TypeAlias

import grpc.aio

from hauberk.catalog.caller import CLIENT_ID_HEADER
from hauberk.catalog.mesh import Mesh
from hauberk.catalog.refusal import Refusal
from hauberk.identity import wire
from hauberk.identity.cause import Cause
from hauberk.identity.evidence import Claims, Evidence, EvidenceUnavailable
from hauberk.identity.issue import Order, Request, issue
from hauberk.identity.signer import AuthorityDeclined, AuthorityUnavailable, Signer
from hauberk.identity.witness import AnswerWitness, Nobody

SERVICE = "io.linkerd.proxy.identity.Identity"

_REMEMBERED_MAX = 1024

Context: TypeAlias = grpc.aio.ServicerContext[bytes, bytes]

log = logging.getLogger(__name__)


class Identity:
    """Who are you. Nothing is kept of a request: to ask again, after a lost reply, gives another certificate."""

    def __init__(self, mesh: Mesh, evidence: Evidence, signer: Signer, witness: AnswerWitness | None = None) -> None:
        self._mesh = mesh
        self._witness = witness or Nobody()
        self._evidence = evidence
        self._signer = signer
        self._told: OrderedDict[tuple[str, str], None] = OrderedDict()

    def add_to(self, server: grpc.aio.Server) -> None:
        methods = {"Certify": grpc.unary_unary_rpc_method_handler(self._certify)}
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, methods),))

    async def _certify(self, raw: bytes, context: Context) -> bytes:
        asked = wire.read_request(raw)
        if isinstance(asked, Refusal):
            await self._refuse(context, asked, "")
        claims: Claims | None = None
        try:
            claims = await self._proven(asked, context)
            order = self._decide(asked, claims, client_id_of(context))
            if isinstance(order, Refusal):
                await self._refuse(context, order, asked.identity, claims)
            signed = await self._signer.sign(order)
        except AuthorityDeclined as declined:
            refusal = Refusal("invalid-argument", str(declined), Cause.CSR)
            await self._refuse(context, refusal, asked.identity, claims)
        except (AuthorityUnavailable, EvidenceUnavailable) as unavailable:
            self._tell(asked.identity, str(unavailable))
            self._witness.unavailable(str(unavailable))
            await _abort(context, grpc.StatusCode.UNAVAILABLE, f"{unavailable}; ask again")
        self._witness.issued(claims, asked.identity, signed)
        log.info("certificate for %s until %s", asked.identity, signed.valid_until.isoformat())
        return wire.response(signed)

    async def _proven(self, asked: wire.Asked, context: Context) -> Claims:
        claims = await self._evidence.prove(asked.token)
        if isinstance(claims, Refusal):
            await self._refuse(context, claims, asked.identity)
        return claims

    def _decide(self, asked: wire.Asked, claims: Claims, client_id: str | None) -> Order | Refusal:
        request = Request(identity=asked.identity, csr=asked.csr, client_id=client_id)
        return issue(self._mesh, request, claims)

    async def _refuse(
        self, context: Context, refusal: Refusal, identity: str, claims: Claims | None = None
    ) -> NoReturn:
        """`claims` are what the token proved, if anything."""
        self._tell(identity, refusal.message)
        self._witness.refused(refusal, claims)
        await _abort(context, grpc.StatusCode[refusal.reason.upper().replace("-", "_")], refusal.message)

    def _tell(self, identity: str, why: str) -> None:
        """Log each reason once: a proxy that is refused asks again every few seconds."""
        key = (identity[:256], why)
        if key in self._told:
            return
        self._told[key] = None
        if len(self._told) > _REMEMBERED_MAX:
            self._told.popitem(last=False)
        log.warning("no certificate for %r: %s", identity[:256], why)


async def _abort(context: Context, code: grpc.StatusCode, message: str) -> NoReturn:
    await context.abort(code, message)
    raise AssertionError("abort raises")


def client_id_of(context: Context) -> str | None:
    """Who the front proxy says is calling; None for nobody."""
    ids = [value for key, value in context.invocation_metadata() or () if key == CLIENT_ID_HEADER]
    if len(ids) > 1:
        return ", ".join(map(str, ids))  # nobody's name, and so refused
    return str(ids[0]) if ids and ids[0] else None
