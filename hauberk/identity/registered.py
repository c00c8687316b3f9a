"""The evidence on plain machines: a token of this mesh, while the workload that it is bound to is registered."""

from hauberk.catalog.mesh import Mesh
from hauberk.catalog.refusal import Refusal
from hauberk.catalog.snapshot import Snapshot
from hauberk.identity.evidence import Claims
from hauberk.identity.tokens import Tokens
from hauberk.runtime.clock import Clock
from hauberk.runtime.latest import Latest


class Registered:
    """Judges tokens by the key that they are signed with and by the latest snapshot."""

    def __init__(self, mesh: Mesh, latest: Latest[Snapshot], tokens: Tokens, *, clock: Clock) -> None:
        self._mesh = mesh
        self._latest = latest
        self._tokens = tokens
        self._clock = clock

    async def prove(self, token: bytes) -> Claims | Refusal:
        claims = self._tokens.read(token, now=self._clock.now())
        if isinstance(claims, Refusal):
            return claims
        return registration_refusal(self._mesh, self._latest.value, claims) or claims


def registration_refusal(mesh: Mesh, snapshot: Snapshot, claims: Claims) -> Refusal | None:
    """None while the workload of a genuine token is registered, or where it is the control plane itself. Pure."""
    if claims.pod is None:
        if mesh.identity(claims.service_account, claims.namespace) == mesh.control_plane_identity:
            return None
        return Refusal("failed-precondition", "the token is bound to no pod: enroll the workload")
    where = f"pod {claims.namespace}/{claims.pod.name}"
    pod = snapshot.pod(claims.namespace, claims.pod.name)
    if pod is None or pod.metadata.uid != claims.pod.uid:
        return Refusal("failed-precondition", f"{where}, which the token is bound to, is not registered: enroll again")
    if pod.spec.service_account_name != claims.service_account:
        return Refusal(
            "failed-precondition",
            f"{where} runs as ServiceAccount {pod.spec.service_account_name}, not {claims.service_account}: "
            "ask for a token of its own account",
        )
    return None
