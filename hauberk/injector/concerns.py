"""What keeps a proxy beside these programs from doing what was asked. Pure.

Where the pod would be less protected than it says, or could never become ready, it is refused: a pod that is not there
is seen. What costs no protection is told.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from hauberk.injector.installation import Installation
from hauberk.injector.ports import numbered, without_proxy
from hauberk.injector.subject import Spec
from hauberk.model.identity import identity_of
from hauberk.sidecar import keys
from hauberk.sidecar.quantity import amount
from hauberk.sidecar.tuning import Tuning

_GRACE_S = 30
"""Kubernetes' terminationGracePeriodSeconds where a pod says nothing."""
_OWN_PORTS = (keys.INBOUND_PORT, keys.OUTBOUND_PORT, keys.ADMIN_PORT, keys.CONTROL_PORT)
_RESOURCES = (
    (keys.CPU_REQUEST, keys.CPU_LIMIT),
    (keys.MEMORY_REQUEST, keys.MEMORY_LIMIT),
    (keys.STORAGE_REQUEST, keys.STORAGE_LIMIT),
)


@dataclass(frozen=True)
class Concern:
    text: str
    fatal: bool = False


def concerns(spec: Spec, tuning: Tuning, namespace: str, installation: Installation) -> Iterator[Concern]:
    """All that can be said before anything is made."""
    yield from _identity(spec, namespace, installation)
    yield from _ports(spec, tuning)
    yield from _users(spec, tuning)
    if tuning.is_on(keys.DEBUG) and not tuning.of(keys.DEBUG_IMAGE):
        yield Concern(f"{keys.DEBUG}: there is no image for it; name one with {keys.DEBUG_IMAGE}", fatal=True)
    if unseen := without_proxy(spec):
        yield Concern(f"only TCP passes the proxy: {', '.join(unseen[:8])} {'does' if len(unseen) == 1 else 'do'} not")


def fitted(spec: Spec, tuning: Tuning) -> tuple[Tuning, list[Concern]]:
    """The settings that Kubernetes takes, and what they are less than."""
    found: list[Concern] = []
    for request, limit in _RESOURCES:
        asked, most = tuning.of(request), tuning.of(limit)
        if asked and most and amount(asked) > amount(most):
            found.append(Concern(f"{request}: {asked} is more than the limit, {most}; nothing is reserved"))
            tuning = tuning.having(request, "")
    grace_s = spec.termination_grace_period_seconds
    most_s = _GRACE_S if grace_s is None else grace_s
    if tuning.number(keys.WAIT_BEFORE_EXIT) > most_s:
        text = f"{keys.WAIT_BEFORE_EXIT}: the pod itself lasts {most_s} s (terminationGracePeriodSeconds)"
        found.append(Concern(text))
        tuning = tuning.having(keys.WAIT_BEFORE_EXIT, str(max(0, most_s)))
    return tuning, found


def opaque(spec: Spec, tuning: Tuning, *, own: bool) -> tuple[Tuning, list[Concern]]:
    """With numbers for the names of opaque ports. `own`: the list is the pod's, which should know its ports."""
    listed, unknown = numbered(tuning.of(keys.OPAQUE_PORTS), spec)
    text = f"{keys.OPAQUE_PORTS}: no container has a port with the name {', '.join(unknown[:8])}"
    return tuning.having(keys.OPAQUE_PORTS, listed), [Concern(text, fatal=True)] if unknown and own else []


def _identity(spec: Spec, namespace: str, installation: Installation) -> Iterator[Concern]:
    """An identity is a DNS name (RFC 1035): proxies neither take nor believe in one that is not."""
    account = spec.service_account_name or "default"
    name = identity_of(account, namespace, installation.namespace, installation.trust_domain)
    if len(name) > 253 or max(map(len, name.split("."))) > 63:
        yield Concern(f"the ServiceAccount's name is too long for an identity: {name} is no DNS name", fatal=True)


def _ports(spec: Spec, tuning: Tuning) -> Iterator[Concern]:
    own = {key: tuning.number(key) for key in _OWN_PORTS}
    if len(set(own.values())) < len(own):
        told = ", ".join(f"{key} {port}" for key, port in own.items())
        yield Concern(f"the proxy needs four different ports: {told}", fatal=True)
    for container in spec.lasting:
        for port in {p.container_port for p in container.ports or () if p.is_tcp} & set(own.values()):
            key = next(key for key, number in own.items() if number == port)
            text = f"port {port} of container {container.name} is the proxy's own: give it another one with {key}"
            yield Concern(text, fatal=True)


def _users(spec: Spec, tuning: Tuning) -> Iterator[Concern]:
    uid = tuning.number(keys.UID)
    for container in spec.lasting:
        of_pod, own = spec.security_context, container.security_context
        user = own.run_as_user if own is not None and own.run_as_user is not None else of_pod and of_pod.run_as_user
        if user == uid:
            text = f"container {container.name} runs as the proxy's user {uid}, so that nothing it sends would pass it"
            yield Concern(f"{text}: give the proxy another one with {keys.UID}", fatal=True)
