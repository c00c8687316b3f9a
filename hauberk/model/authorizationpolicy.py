"""AuthorizationPolicy (policy.linkerd.io): who may talk to a Server, a route or a whole namespace."""

from hauberk.model.part import Part
from hauberk.model.resource import Resource


class TargetRef(Part, frozen=True, kw_only=True):
    """In the namespace of the policy; a Namespace must be that one."""

    group: str = ""
    kind: str
    name: str


class AuthenticationRef(Part, frozen=True, kw_only=True):
    """A condition on clients; another namespace's may be used."""

    group: str = ""
    kind: str
    name: str
    namespace: str | None = None


class AuthorizationPolicySpec(Part, frozen=True, kw_only=True):
    target_ref: TargetRef
    required_authentication_refs: tuple[AuthenticationRef, ...]
    """All must hold. An empty list lets everybody in, which is why it has to be written out."""


class AuthorizationPolicy(Resource, frozen=True, kw_only=True):
    """Lets clients in; policies for one target add up."""

    api_version: str = "policy.linkerd.io/v1alpha1"
    spec: AuthorizationPolicySpec
