"""Who asks: a proxy may ask for its own workload's views only, and only for so many at a time."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from hauberk.catalog.mesh import Mesh
from hauberk.catalog.refusal import Refusal
from hauberk.catalog.snapshot import Snapshot

CLIENT_ID_HEADER = "l5d-client-id"
"""Set by the front proxy to the identity of the peer; it removes any that the peer sent."""

CAPABILITIES_MAX = 64

STREAMS_PER_WORKLOAD_MAX = 4096
"""A proxy holds three streams for each destination and one for each port; this allows a thousand destinations."""


@dataclass(frozen=True, slots=True)
class Workload:
    """A Pod, as a proxy names it in its requests."""

    namespace: str
    name: str
    node: str = ""
    capabilities: frozenset[str] = frozenset()
    """What its proxy declares to understand beyond the common contract."""


def parse_workload(token: str) -> Workload | None:
    """`{"ns": …, "pod": …, "nodeName": …, "hauberk": {"capabilities": […]}}`, or the older form `NS:POD`; None if it is
    neither. Only our own proxies have the last of these keys.
    """
    if not token.startswith("{"):
        namespace, _, name = token.partition(":")
        return Workload(namespace, name) if namespace and name else None
    try:
        fields = json.loads(token)
    except (ValueError, RecursionError):
        return None
    namespace, name, node = (fields.get(key, "") for key in ("ns", "pod", "nodeName"))
    if not (isinstance(namespace, str) and isinstance(name, str) and isinstance(node, str)):
        return None
    return Workload(namespace, name, node, _capabilities(fields)) if namespace and name else None


def _capabilities(fields: Mapping[str, object]) -> frozenset[str]:
    """None where they are not a list of words: what is not understood was not declared."""
    own = fields.get("hauberk")
    words = own.get("capabilities") if isinstance(own, dict) else None
    if not isinstance(words, list) or len(words) > CAPABILITIES_MAX:
        return frozenset()
    return frozenset(word for word in words if isinstance(word, str))


def may_ask(mesh: Mesh, snapshot: Snapshot, client_id: str | None, workload: Workload | None) -> Refusal | None:
    """None if the caller may ask in the name of the workload."""
    if not client_id:
        return Refusal(
            "unauthenticated",
            "the connection proves no identity: connect to the control plane with a certificate of the mesh",
        )
    if client_id == mesh.control_plane_identity:
        return None
    if workload is None:
        return Refusal("permission-denied", f'{client_id} names no workload: send {{"ns": NAMESPACE, "pod": POD}}')
    pod = snapshot.pod(workload.namespace, workload.name)
    if pod is None:
        return Refusal(
            "permission-denied",
            f"pod {workload.namespace}/{workload.name} is not registered (yet); {client_id} cannot ask for it",
        )
    identity = mesh.identity(pod.spec.service_account_name, workload.namespace)
    if identity != client_id:
        return Refusal(
            "permission-denied",
            f"pod {workload.namespace}/{workload.name} is {identity}; {client_id} cannot ask for it",
        )
    return None


class Callers:
    """Admits the streams of callers, and counts them.

    `dangerous_trust_socket` admits whoever can connect: for tests and for tools on a socket of their own.
    """

    def __init__(
        self,
        mesh: Mesh,
        *,
        streams_per_workload_max: int = STREAMS_PER_WORKLOAD_MAX,
        dangerous_trust_socket: bool = False,
    ) -> None:
        self._mesh = mesh
        self._streams_max = streams_per_workload_max
        self._trust_socket = dangerous_trust_socket
        self._streams: dict[str, int] = {}

    def may_ask(self, snapshot: Snapshot, client_id: str | None, workload: Workload | None) -> Refusal | None:
        """None if the caller may ask now; to be asked again when the snapshot has changed."""
        if self._trust_socket:
            return None
        return may_ask(self._mesh, snapshot, client_id, workload)

    @contextmanager
    def admitted(
        self, snapshot: Snapshot, client_id: str | None, workload: Workload | None
    ) -> Iterator[Refusal | None]:
        """Holds one stream's place among those of its workload."""
        refusal = self.may_ask(snapshot, client_id, workload)
        if refusal is not None:
            yield refusal
            return
        who = f"{client_id} {workload.namespace}/{workload.name}" if workload else str(client_id)
        if self._streams.get(who, 0) >= self._streams_max:
            yield Refusal("resource-exhausted", f"{who} holds {self._streams_max} streams already; close some")
            return
        self._streams[who] = self._streams.get(who, 0) + 1
        try:
            yield None
        finally:
            self._streams[who] -= 1
            if not self._streams[who]:
                del self._streams[who]
