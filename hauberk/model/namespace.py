"""Namespace (core v1)."""

from hauberk.model.part import Part
from hauberk.model.resource import Resource


class NamespaceSpec(Part, frozen=True, kw_only=True):
    finalizers: tuple[str, ...] = ()
    """Accepted because Kubernetes adds `kubernetes`; a Namespace here is emptied and removed in one step."""


class NamespaceStatus(Part, frozen=True, kw_only=True):
    phase: str = "Active"


class Namespace(Resource, frozen=True, kw_only=True):
    """A part of the mesh with names, policies and defaults of its own."""

    api_version: str = "v1"
    spec: NamespaceSpec = NamespaceSpec()
    status: NamespaceStatus = NamespaceStatus()
