"""MeshTLSAuthentication (policy.linkerd.io): clients by their identity in the mesh."""

from hauberk.model.part import Part
from hauberk.model.resource import Resource


class IdentityRef(Part, frozen=True, kw_only=True):
    """A ServiceAccount, or all of a Namespace."""

    group: str = ""
    kind: str
    name: str
    namespace: str | None = None


class MeshTLSAuthenticationSpec(Part, frozen=True, kw_only=True):
    """Exactly one of the two lists has entries."""

    identities: tuple[str, ...] = ()
    """Exact names, `*.SUFFIX`, or `*` for every member of the mesh."""
    identity_refs: tuple[IdentityRef, ...] = ()


class MeshTLSAuthentication(Resource, frozen=True, kw_only=True):
    api_version: str = "policy.linkerd.io/v1alpha1"
    spec: MeshTLSAuthenticationSpec
