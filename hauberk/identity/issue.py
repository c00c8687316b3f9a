"""May this caller have this certificate? A request and what was proven in, an order or a refusal out. Pure."""

from dataclasses import dataclass

from hauberk.catalog.mesh import Mesh
from hauberk.catalog.refusal import Refusal
from hauberk.identity.cause import Cause
from hauberk.identity.csr import CsrInvalid, public_key_of
from hauberk.identity.evidence import Claims
from hauberk.model.identity import spiffe_of


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for."""

    identity: str
    csr: bytes
    """DER."""
    client_id: str | None
    """Who the front proxy says is calling; nobody before the first certificate."""


@dataclass(frozen=True, slots=True)
class Order:
    """What the authority is to sign: a request that was found to be in order, for these names."""

    identity: str
    spiffe: str
    csr: bytes


def issue(mesh: Mesh, request: Request, claims: Claims) -> Order | Refusal:
    """Decide on a request whose evidence was found to be good."""
    proven = mesh.identity(claims.service_account, claims.namespace)
    refusal = _caller_refusal(mesh, request) or _name_refusal(request, proven)
    if refusal is not None:
        return refusal
    try:
        public_key_of(request.csr, identity=request.identity)
    except CsrInvalid as invalid:
        return Refusal("invalid-argument", str(invalid), Cause.CSR)
    spiffe = spiffe_of(claims.service_account, claims.namespace, mesh.trust_domain)
    return Order(request.identity, spiffe, request.csr)


def _caller_refusal(mesh: Mesh, request: Request) -> Refusal | None:
    """A workload asks for its own certificate only; one without a certificate has nothing but its token."""
    if request.client_id in (None, request.identity, mesh.control_plane_identity):
        return None
    why = f"{request.client_id} cannot ask for the certificate of {request.identity}"
    return Refusal("permission-denied", why, Cause.CALLER)


def _name_refusal(request: Request, proven: str) -> Refusal | None:
    if not request.identity:
        return Refusal("invalid-argument", "no identity is asked for", Cause.REQUEST)
    if request.identity == proven:
        return None
    return Refusal(
        "failed-precondition",
        f"the token proves {proven}, and {request.identity} is asked for: each identity needs a token of its own",
        Cause.IDENTITY,
    )
