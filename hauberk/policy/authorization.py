"""AuthorizationPolicies and default policies → authorizations. Pure.

What cannot be resolved becomes no authorization: a policy whose authentication does not exist admits nobody.
"""

from collections.abc import Iterable
from itertools import islice

from hauberk.catalog.kinds import POLICY_GROUP
from hauberk.catalog.mesh import Mesh
from hauberk.catalog.snapshot import Snapshot
from hauberk.model.authorizationpolicy import AuthorizationPolicy
from hauberk.model.meshtlsauthentication import MeshTLSAuthentication
from hauberk.model.policy_rules import mesh_tls_authentication, network_authentication
from hauberk.model.problem import Problems
from hauberk.policy.inbound_policy import (
    ANY_MEMBER,
    EVERYWHERE,
    Authorization,
    Identities,
    Network,
    Unauthenticated,
)
from hauberk.policy.routing import Default, Resource

AUTHORIZATIONS_MAX = 999
"""Of a port or a route by policies, the oldest first: proxies take a thousand, and one is the default."""

DEFAULT_POLICIES = frozenset(
    {
        "all-unauthenticated",
        "all-authenticated",
        "cluster-unauthenticated",
        "cluster-authenticated",
        "deny",
        "audit",
    }
)


def default_authorizations(mesh: Mesh, policy: str) -> tuple[Authorization, ...]:
    """Of a default policy, or of a Server's accessPolicy, which has the same words. An unknown word denies."""
    networks = (
        EVERYWHERE
        if policy.startswith(("all-", "audit"))
        else tuple(Network(str(network)) for network in mesh.cluster_networks)
    )
    meta = Default(policy)
    match policy:
        case "all-unauthenticated" | "cluster-unauthenticated" | "audit":
            return (Authorization(meta, networks, Unauthenticated()),)
        case "all-authenticated" | "cluster-authenticated":
            return (Authorization(meta, networks, ANY_MEMBER),)
        case _:
            return ()


def authorizations(
    mesh: Mesh, snapshot: Snapshot, policies: Iterable[AuthorizationPolicy]
) -> tuple[Authorization, ...]:
    found = (_authorization(mesh, snapshot, policy) for policy in policies)
    return tuple(islice((authorization for authorization in found if authorization is not None), AUTHORIZATIONS_MAX))


def _authorization(mesh: Mesh, snapshot: Snapshot, policy: AuthorizationPolicy) -> Authorization | None:
    namespace = policy.metadata.namespace
    networks: tuple[Network, ...] | None = None
    clients: Identities | None = None
    for reference in policy.spec.required_authentication_refs:
        where = reference.namespace or namespace
        match reference.kind:
            case "NetworkAuthentication" if networks is None:
                network = snapshot.network_authentication(where, reference.name)
                if network is None or _makes_no_sense(network_authentication(network)):
                    return None
                networks = tuple(Network(n.cidr, tuple(n.excepted)) for n in network.spec.networks)
            case "MeshTLSAuthentication" if clients is None:
                mesh_tls = snapshot.mesh_tls_authentication(where, reference.name)
                if mesh_tls is None or _makes_no_sense(mesh_tls_authentication(mesh_tls)):
                    return None
                clients = _identities(mesh, mesh_tls)
            case "ServiceAccount" if clients is None:
                clients = Identities(names=mesh.identities(reference.name, where))
            case _:
                # Two of a kind, or a kind that admission should have refused: all must hold, so nobody passes.
                return None
    return Authorization(
        meta=Resource(POLICY_GROUP, "authorizationpolicy", namespace, policy.metadata.name),
        networks=EVERYWHERE if networks is None else networks,
        clients=Unauthenticated() if clients is None else clients,
    )


def _makes_no_sense(problems: Problems) -> bool:
    """Proxies take a policy whole or not at all: one network that is none would leave the port to its default."""
    return next(problems, None) is not None


def _identities(mesh: Mesh, of: MeshTLSAuthentication) -> Identities:
    names: list[str] = []
    suffixes: list[tuple[str, ...]] = []
    for identity in of.spec.identities:
        if identity == "*":
            suffixes.append(())
        elif identity.startswith("*."):
            suffixes.append(tuple(identity.removeprefix("*.").split(".")))
        else:
            names.append(identity)
    for reference in of.spec.identity_refs:
        if reference.kind == "Namespace":
            suffixes += [tuple(identity.split(".")[1:]) for identity in mesh.identities("*", reference.name)]
        elif reference.kind == "ServiceAccount":
            names += mesh.identities(reference.name, reference.namespace or of.metadata.namespace)
    return Identities(names=tuple(names), suffixes=tuple(suffixes))
