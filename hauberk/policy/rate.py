"""A Server → how many requests in a second its ports take. Pure."""

from hauberk.catalog.kinds import POLICY_GROUP
from hauberk.catalog.mesh import Mesh
from hauberk.catalog.selecting import limits_of
from hauberk.catalog.snapshot import Snapshot
from hauberk.model.server import Server
from hauberk.policy.inbound_policy import RateLimit, RateOverride
from hauberk.policy.routing import Resource


def rate_limit_of(mesh: Mesh, snapshot: Snapshot, server: Server) -> RateLimit | None:
    """What the policy that holds for the Server says."""
    namespace = server.metadata.namespace
    policy = limits_of(snapshot, namespace, server.metadata.name)
    if policy is None:
        return None
    spec = policy.spec
    return RateLimit(
        meta=Resource(POLICY_GROUP, "httplocalratelimitpolicy", namespace, policy.metadata.name),
        total=spec.total.requests_per_second if spec.total is not None else None,
        identity=spec.identity.requests_per_second if spec.identity is not None else None,
        overrides=tuple(
            RateOverride(
                override.requests_per_second,
                tuple(
                    identity
                    for client in override.client_refs
                    for identity in mesh.identities(client.name, client.namespace or namespace)
                ),
            )
            for override in spec.overrides
        ),
    )
