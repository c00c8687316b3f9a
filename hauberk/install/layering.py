"""Which values hold: the defaults, files upon them, and what the command line sets upon those. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hauberk.config import values as settings
from hauberk.config.chart import Values
from hauberk.install.objects import Document
from hauberk.install.overriding import base_of, laid
from hauberk.install.setting import Assignment
from hauberk.install.shape import ROOT, Place, ValuesInvalid, fitted, known, typed
from hauberk.install.stored import stored


@dataclass(frozen=True)
class Asked:
    """What a person says, the stronger the later."""

    high_availability: bool = False
    documents: Sequence[Mapping[str, Any]] = ()
    """Of files of values."""
    assignments: Sequence[Assignment] = field(default=())


def layered(asked: Asked) -> Values:
    """Raises ValuesInvalid."""
    found = base_of(high_availability=asked.high_availability)
    for document in asked.documents:
        known(document)
        found = laid(found, document)
    for assignment in asked.assignments:
        found = _assigned(found, ROOT, assignment.path, assignment)
    values = typed(found)
    _make_sense(values)
    return values


def of_installation(config: Document) -> Values:
    """By its ConfigMap `linkerd-config`; values that this version does not have are left out.

    Raises StoredInvalid and ValuesInvalid.
    """
    found, _ = stored(config)
    return layered(Asked(high_availability=bool(found.get("highAvailability")), documents=[found]))


def _assigned(before: Any, place: Place, path: Sequence[str | int], assignment: Assignment) -> Any:  # noqa: ANN401
    """`before` with the value at the end of the path."""
    if not path:
        return _value(place, assignment)
    step, *rest = path
    inner = place.inner(step)
    if isinstance(step, int):
        entries = list(before) if isinstance(before, list | tuple) else []
        if step > len(entries):
            raise ValuesInvalid(f"{place.name} has {len(entries)} entries: the next is [{len(entries)}]")
        entries[step : step + 1] = [_assigned(entries[step] if step < len(entries) else None, inner, rest, assignment)]
        return entries
    fields = before if isinstance(before, Mapping) else {}
    made = {**fields, step: _assigned(fields.get(step), inner, rest, assignment)}
    return {key: value for key, value in made.items() if value is not None}


def _value(place: Place, assignment: Assignment) -> Any:  # noqa: ANN401 - of the place's type
    if isinstance(assignment.value, str):
        return fitted(assignment.value, place, is_plain=assignment.is_plain)
    if place.kind != "a list":
        raise ValuesInvalid(f"{place.name} is {place.kind}, not a list")
    return [
        fitted(text, place.inner(number), is_plain=assignment.is_plain) for number, text in enumerate(assignment.value)
    ]


_CHECKS: tuple[tuple[str, Callable[[str], object], Callable[[Values], str]], ...] = (
    ("clusterDomain", settings.domain, lambda v: v.cluster_domain),
    ("identityTrustDomain", settings.domain, lambda v: v.identity_trust_domain or v.cluster_domain),
    ("clusterNetworks", settings.networks, lambda v: ",".join(v.cluster_networks)),
    ("policyController.probeNetworks", settings.networks, lambda v: ",".join(v.policy_controller.probe_networks)),
    ("proxy.opaquePorts", settings.ports, lambda v: v.proxy.opaque_ports),
    ("identity.issuer.issuanceLifetime", settings.duration, lambda v: v.identity.issuer.issuance_lifetime),
    ("identity.issuer.clockSkewAllowance", settings.duration, lambda v: v.identity.issuer.clock_skew_allowance),
)
"""The control plane reads these with the same functions: it would not start."""


def _make_sense(values: Values) -> None:
    for name, read, value in _CHECKS:
        text = value(values)
        try:
            read(text)
        except ValueError as error:
            raise ValuesInvalid(f"{name} is {text!r}, and must be {error}") from None
