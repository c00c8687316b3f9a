"""What is kept of an object of Kubernetes: what the mesh uses, and repeated texts once. Pure.

An object that was just decoded belongs to nobody else yet, so it is changed in place, which costs a tenth of copying.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from sys import intern
from typing import Any

from msgspec.structs import force_setattr

from hauberk.model.endpointslice import EndpointSlice
from hauberk.model.pod import Pod
from hauberk.model.resource import Resource

_DOMAINS = ("linkerd.io", "hauberk.dev")
_LABEL_DOMAINS = (*_DOMAINS, "kubernetes.io")
_KEYS = 4096
"""Keys whose domain is remembered: they repeat from object to object."""


def lean(resource: Resource) -> None:
    """Drop annotations that ask the mesh for nothing, and what else of this kind is not used."""
    meta = resource.metadata
    _drop(meta.annotations, _has_our_domain)
    _share(meta, "namespace")
    special = _SPECIAL.get(type(resource))
    if special is not None:
        special(resource)
    labels = meta.labels
    for key, value in labels.items():
        labels[key] = intern(value)
    for owner in meta.owner_references:
        for field in ("api_version", "kind", "name"):
            _share(owner, field)


def _pod(pod: Pod) -> None:
    _share(pod.spec, "node_name")
    _share(pod.spec, "service_account_name")
    if len(pod.status.conditions) > 1:
        ready = tuple([condition for condition in pod.status.conditions if condition.type == "Ready"])
        force_setattr(pod.status, "conditions", ready)


def _slice(part: EndpointSlice) -> None:
    # The controller copies all labels of the Service onto each of its slices.
    _drop(part.metadata.labels, _has_known_domain)
    for endpoint in part.endpoints:
        _share(endpoint, "node_name")
        _share(endpoint, "zone")


_SPECIAL: Mapping[type[Resource], Callable[[Any], None]] = {Pod: _pod, EndpointSlice: _slice}


@lru_cache(_KEYS)
def _has_our_domain(key: str) -> bool:
    return _is_of(key, _DOMAINS)


@lru_cache(_KEYS)
def _has_known_domain(key: str) -> bool:
    return _is_of(key, _LABEL_DOMAINS)


def _is_of(key: str, domains: tuple[str, ...]) -> bool:
    """Whether a label or annotation is of one of these domains, or of one below them."""
    domain = key.partition("/")[0]
    return any(domain == own or domain.endswith(f".{own}") for own in domains)


def _drop(entries: dict[str, str], wanted: Callable[[str], bool]) -> None:
    for key in [key for key in entries if not wanted(key)]:
        del entries[key]


def _share(part: Any, field: str) -> None:  # noqa: ANN401 - any structure with that field
    value = getattr(part, field)
    if value:
        force_setattr(part, field, intern(value))
