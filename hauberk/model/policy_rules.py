"""The rules of policy.linkerd.io's kinds, as Linkerd's admission webhook has them. Pure."""

import re
from collections.abc import Sized
from ipaddress import IPv4Network, IPv6Network, ip_network
from urllib.parse import urlsplit

from hauberk.model import names
from hauberk.model.authorizationpolicy import AuthenticationRef, AuthorizationPolicy
from hauberk.model.meshtlsauthentication import IdentityRef, MeshTLSAuthentication
from hauberk.model.networkauthentication import Network, NetworkAuthentication
from hauberk.model.problem import Problem, Problems
from hauberk.model.selector import LabelSelector
from hauberk.model.server import ACCESS_POLICIES, PROXY_PROTOCOLS, Server

CORE = ("", "core")
POLICY = ("policy.linkerd.io",)
GATEWAY = ("gateway.networking.k8s.io",)

_ENTRIES_MAX = 1000
"""Of a list of identities or networks: proxies refuse a policy with many more."""
_BEFORE_ACCESS_POLICY = ("v1alpha1", "v1beta1")
_SPIFFE_MAX = 2048
"""Bytes (SPIFFE-ID, 2.3)."""
_IDENTITY = re.compile(r"(\*|[a-z0-9]([-a-z0-9]*[a-z0-9])?)(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")


def server(server: Server) -> Problems:
    spec = server.spec
    if spec.pod_selector is None:
        yield Problem("spec.podSelector", "is required", "{} selects all Pods of the namespace")
    else:
        yield from selector("spec.podSelector", spec.pod_selector)
    yield from names.port_or_name("spec.port", spec.port)
    yield from names.one_of("spec.proxyProtocol", spec.proxy_protocol, PROXY_PROTOCOLS)
    yield from names.one_of("spec.accessPolicy", spec.access_policy, ACCESS_POLICIES)
    if server.version in _BEFORE_ACCESS_POLICY and spec.access_policy != "deny":
        yield Problem("spec.accessPolicy", f"is not a field of {server.api_version}", "use policy.linkerd.io/v1beta3")


def selector(field: str, of: LabelSelector) -> Problems:
    yield from names.labels(f"{field}.matchLabels", of.match_labels)
    for index, expression in enumerate(of.match_expressions):
        place = f"{field}.matchExpressions[{index}]"
        if not names.is_qualified(expression.key):
            yield Problem(f"{place}.key", f"{expression.key!r} is not the key of a label")
        needs_values = expression.operator in ("In", "NotIn")
        if needs_values and not expression.values:
            yield Problem(f"{place}.values", f"is required with {expression.operator}")
        if not needs_values and expression.values:
            yield Problem(f"{place}.values", f"makes no sense with {expression.operator}")


def authorization_policy(policy: AuthorizationPolicy) -> Problems:
    yield from _target(policy)
    counts = {"MeshTLSAuthentication": 0, "NetworkAuthentication": 0, "ServiceAccount": 0}
    for index, reference in enumerate(policy.spec.required_authentication_refs):
        yield from _authentication(f"spec.requiredAuthenticationRefs[{index}]", reference)
        if reference.kind in counts:
            counts[reference.kind] += 1
    field = "spec.requiredAuthenticationRefs"
    if counts["MeshTLSAuthentication"] + counts["ServiceAccount"] > 1:
        yield Problem(
            field,
            "has more than one MeshTLSAuthentication or ServiceAccount: all would have to hold at once",
            "list the clients in one MeshTLSAuthentication",
        )
    if counts["NetworkAuthentication"] > 1:
        yield Problem(field, "has more than one NetworkAuthentication", "list the networks in one")


def _target(policy: AuthorizationPolicy) -> Problems:
    target = policy.spec.target_ref
    match target.kind:
        case "Server":
            yield from group("spec.targetRef", target.group, POLICY)
        case "HTTPRoute":
            yield from group("spec.targetRef", target.group, POLICY + GATEWAY)
        case "GRPCRoute":
            yield from group("spec.targetRef", target.group, GATEWAY)
        case "Namespace":
            yield from group("spec.targetRef", target.group, CORE)
            if target.name != policy.metadata.namespace:
                yield Problem(
                    "spec.targetRef.name",
                    f"{target.name!r} is not the policy's own namespace, {policy.metadata.namespace}",
                )
        case _:
            kinds = ("Server", "HTTPRoute", "GRPCRoute", "Namespace")
            yield from names.one_of("spec.targetRef.kind", target.kind, kinds)
    yield from names.subdomain("spec.targetRef.name", target.name)


def _authentication(field: str, reference: AuthenticationRef) -> Problems:
    match reference.kind:
        case "MeshTLSAuthentication" | "NetworkAuthentication":
            yield from group(field, reference.group, POLICY)
        case "ServiceAccount":
            yield from group(field, reference.group, CORE)
        case _:
            kinds = ("MeshTLSAuthentication", "NetworkAuthentication", "ServiceAccount")
            yield from names.one_of(f"{field}.kind", reference.kind, kinds)
    yield from names.subdomain(f"{field}.name", reference.name)
    if reference.namespace is not None:
        yield from names.label(f"{field}.namespace", reference.namespace)


def mesh_tls_authentication(authentication: MeshTLSAuthentication) -> Problems:
    spec = authentication.spec
    if not spec.identities and not spec.identity_refs:
        yield Problem("spec", "has neither identities nor identityRefs")
    if spec.identities and spec.identity_refs:
        yield Problem("spec", "has both identities and identityRefs", "make two, each with a policy of its own")
    yield from bounded("spec.identities", spec.identities)
    yield from bounded("spec.identityRefs", spec.identity_refs)
    for index, identity in enumerate(spec.identities):
        if not _is_identity(identity):
            hint = "SA.NAMESPACE.serviceaccount.identity.MESH.DOMAIN, *.SUFFIX or *"
            yield Problem(f"spec.identities[{index}]", f"{identity!r} is not an identity", hint)
    for index, reference in enumerate(spec.identity_refs):
        yield from _identity_ref(f"spec.identityRefs[{index}]", reference)


def _is_identity(text: str) -> bool:
    if text.startswith("spiffe://"):
        try:
            parts = urlsplit(text)
        except ValueError:
            return False
        known = bool(parts.hostname and parts.path.strip("/")) and not parts.query and not parts.fragment
        return known and len(text) <= _SPIFFE_MAX
    return len(text) <= 253 and _IDENTITY.fullmatch(text) is not None and max(map(len, text.split("."))) <= 63


def _identity_ref(field: str, reference: IdentityRef) -> Problems:
    yield from names.one_of(f"{field}.kind", reference.kind, ("ServiceAccount", "Namespace"))
    yield from group(field, reference.group, CORE)
    check = names.label if reference.kind == "Namespace" else names.subdomain
    yield from check(f"{field}.name", reference.name)
    if reference.kind == "Namespace" and reference.namespace:
        yield Problem(f"{field}.namespace", "makes no sense with kind Namespace", "name the namespace in name")
    elif reference.namespace is not None:
        yield from names.label(f"{field}.namespace", reference.namespace)


def network_authentication(authentication: NetworkAuthentication) -> Problems:
    if not authentication.spec.networks:
        yield Problem("spec.networks", "has no network")
    yield from bounded("spec.networks", authentication.spec.networks)
    for index, network in enumerate(authentication.spec.networks):
        yield from _network(f"spec.networks[{index}]", network)


def _network(field: str, network: Network) -> Problems:
    wrong = [*names.network(f"{field}.cidr", network.cidr), *bounded(f"{field}.except", network.excepted)]
    for index, excepted in enumerate(network.excepted):
        wrong += names.network(f"{field}.except[{index}]", excepted)
    yield from wrong
    if wrong:
        return
    whole = ip_network(network.cidr, strict=False)
    for index, text in enumerate(network.excepted):
        part = ip_network(text, strict=False)
        if not _within(part, whole):
            yield Problem(f"{field}.except[{index}]", f"{text} is not inside of {network.cidr}")
        elif part == whole:
            yield Problem(f"{field}.except[{index}]", f"{text} leaves nothing of {network.cidr}")


def _within(part: IPv4Network | IPv6Network, whole: IPv4Network | IPv6Network) -> bool:
    if isinstance(part, IPv4Network) and isinstance(whole, IPv4Network):
        return part.subnet_of(whole)
    return isinstance(part, IPv6Network) and isinstance(whole, IPv6Network) and part.subnet_of(whole)


def group(field: str, group: str, allowed: tuple[str, ...]) -> Problems:
    if group not in allowed:
        wanted = " or ".join(name for name in allowed if name)
        yield Problem(f"{field}.group", f"{group!r} does not have this kind", f"write {wanted}")


def bounded(field: str, entries: Sized) -> Problems:
    if len(entries) > _ENTRIES_MAX:
        yield Problem(field, f"has {len(entries)} entries; {_ENTRIES_MAX} are the most")
