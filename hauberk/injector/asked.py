"""Whether somebody asked for a proxy, and whether the pod can have one. Pure."""

from dataclasses import dataclass

from hauberk.injector.outcome import AnnotationAt, Reason
from hauberk.injector.subject import PROXY, Place, Spec, Subject

INJECT = "linkerd.io/inject"
ENABLED, INGRESS, DISABLED = "enabled", "ingress", "disabled"
REDIRECT = "linkerd-init"
VALIDATOR = "linkerd-network-validator"
_SIDECARS = frozenset({PROXY, REDIRECT, VALIDATOR, "istio-proxy", "istio-init"})
_PROTECTED = "kube-system"


@dataclass(frozen=True)
class Asked:
    """Somebody did."""

    at: AnnotationAt
    ingress: bool


@dataclass(frozen=True)
class Declined:
    reason: Reason
    at: AnnotationAt = ""


def asked(subject: Subject, place: Place, *, mesh_namespace: str) -> Asked | Declined:
    """The pod's own word comes before its namespace's."""
    if place.name in (mesh_namespace, _PROTECTED):
        return Declined(Reason.PROTECTED)
    found = _by_annotation(subject, place)
    if isinstance(found, Declined):
        return found
    reason = _obstacle(subject.spec or Spec())
    return found if reason is None else Declined(reason, found.at)


def _by_annotation(subject: Subject, place: Place) -> Asked | Declined:
    own, inherited = (where.annotations.get(INJECT) for where in (subject, place))
    if own is not None:
        return _said(own, "workload", Reason.INVALID_AT_WORKLOAD)
    if inherited is not None:
        return _said(inherited, "namespace", Reason.INVALID_AT_NAMESPACE)
    return Declined(Reason.ABSENT)


def _said(word: str, at: AnnotationAt, invalid: Reason) -> Asked | Declined:
    if word in (ENABLED, INGRESS):
        return Asked(at, ingress=word == INGRESS)
    return Declined(Reason.DISABLED if word == DISABLED else invalid, at)


def _obstacle(spec: Spec) -> Reason | None:
    if spec.os is not None and spec.os.name not in (None, "", "linux"):
        return Reason.UNSUPPORTED
    if spec.host_network:
        return Reason.HOST_NETWORK
    if any(container.name in _SIDECARS for container in (*spec.programs, *spec.preparing)):
        return Reason.SIDECAR
    # Without `automountServiceAccountToken` programs have no token; the proxy's is a volume of its own all the same.
    return None
