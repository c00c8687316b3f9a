"""Random histories of a small mesh, for property tests: few names, so that they meet."""

from collections.abc import Callable

from hypothesis import settings
from hypothesis import strategies as st
from msgspec.structs import replace
from resources import endpoint_slice, load, pod, service

from hauberk.catalog.join import Join
from hauberk.catalog.kinds import Resource
from hauberk.model.endpointslice import EndpointConditions

Operation = Callable[[Join], None]

settings.register_profile("patient", deadline=None)  # how long an example takes depends on what else runs
settings.load_profile("patient")

NAMES = ["a", "b", "c"]
IPS = [f"10.77.0.{n}" for n in range(1, 5)]
VIRTUAL_IPS = ["10.78.0.1", "10.78.0.2"]
NAMESPACES = ["one", "two"]
PORTS = {"http": 8080, "redis": 6379}

names = st.sampled_from(NAMES)
namespaces = st.sampled_from(NAMESPACES)


@st.composite
def pods(draw: st.DrawFn) -> Resource:
    annotations = draw(st.sampled_from([{}, {"config.linkerd.io/opaque-ports": "8080"}]))
    return pod(
        draw(names),
        draw(st.sampled_from(IPS)),
        namespace=draw(namespaces),
        service_account=draw(names),
        meshed=draw(st.booleans()),
        phase=draw(st.sampled_from(["Running", "Failed"])),
        labels={"app": draw(names)},
        annotations=annotations,
        ports=PORTS,
    )


@st.composite
def services(draw: st.DrawFn) -> Resource:
    annotations = draw(st.sampled_from([{}, {"config.linkerd.io/opaque-ports": "80"}]))
    ip = draw(st.sampled_from([*VIRTUAL_IPS, None]))
    return service(draw(names), ip, {"http": 80}, namespace=draw(namespaces), annotations=annotations)


@st.composite
def slices(draw: st.DrawFn) -> Resource:
    listed = draw(st.dictionaries(names, st.sampled_from(IPS)))
    part = endpoint_slice(draw(names), {"http": 8080}, listed, namespace=draw(namespaces), ready=draw(st.booleans()))
    going = EndpointConditions(ready=False, serving=True, terminating=True)
    if not draw(st.integers(0, 3)):
        return replace(part, endpoints=tuple(replace(listed, conditions=going) for listed in part.endpoints))
    return part


@st.composite
def servers(draw: st.DrawFn) -> Resource:
    return load(
        {
            "apiVersion": "policy.linkerd.io/v1beta3",
            "kind": "Server",
            "metadata": {"name": draw(names), "namespace": draw(namespaces)},
            "spec": {
                "podSelector": {"matchLabels": draw(st.sampled_from([{}, *({"app": name} for name in NAMES)]))},
                "port": draw(st.sampled_from([8080, "http", "redis"])),
                "proxyProtocol": draw(st.sampled_from(["unknown", "opaque", "HTTP/1", "HTTP/2", "TLS", "gRPC"])),
            },
        }
    )


@st.composite
def policies(draw: st.DrawFn) -> Resource:
    name, namespace = draw(names), draw(namespaces)
    metadata = {"name": name, "namespace": namespace}
    target = {"group": "policy.linkerd.io", "kind": "Server", "name": draw(names)}
    authentication = {"group": "policy.linkerd.io", "kind": "MeshTLSAuthentication", "name": draw(names)}
    parent = draw(
        st.sampled_from(
            [
                {"group": "", "kind": "Service", "name": draw(names), "namespace": draw(namespaces)},
                {"group": "policy.linkerd.io", "kind": "Server", "name": draw(names)},
            ]
        )
    )
    backend = {"name": draw(names), "port": 80, "weight": draw(st.integers(0, 2))}
    v1 = "policy.linkerd.io/v1alpha1"
    manifests = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "annotations": draw(_annotations)}},
        {
            "apiVersion": v1,
            "kind": "AuthorizationPolicy",
            "metadata": metadata,
            "spec": {"targetRef": target, "requiredAuthenticationRefs": [authentication]},
        },
        {
            "apiVersion": v1,
            "kind": "MeshTLSAuthentication",
            "metadata": metadata,
            "spec": {"identities": [draw(st.sampled_from(["*", "*.one.example", "a.example"]))]},
        },
        {
            "apiVersion": v1,
            "kind": "HTTPLocalRateLimitPolicy",
            "metadata": metadata,
            "spec": {
                "targetRef": target,
                "total": {"requestsPerSecond": draw(st.integers(1, 9))},
                "overrides": [
                    {"requestsPerSecond": 1, "clientRefs": [{"kind": "ServiceAccount", "name": draw(names)}]}
                ],
            },
        },
        {
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "HTTPRoute",
            "metadata": metadata,
            "spec": {
                "parentRefs": [parent],
                "rules": [{"backendRefs": [backend] if parent["kind"] == "Service" else []}],
            },
        },
        {
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "GRPCRoute",
            "metadata": metadata,
            "spec": {
                "parentRefs": [parent],
                "rules": [
                    {
                        "matches": draw(st.sampled_from([[], [{"method": {"service": "a.B"}}], _UNREADABLE])),
                        "backendRefs": [backend] if parent["kind"] == "Service" else [],
                    }
                ],
            },
        },
    ]
    return load(draw(st.sampled_from(manifests)))


_UNREADABLE = [{"method": {"type": "RegularExpression", "method": "a|b"}}]
_annotations = st.sampled_from([{}, {"config.linkerd.io/default-inbound-policy": "deny"}])

resources = st.one_of(pods(), services(), slices(), servers(), policies())
histories = st.lists(st.tuples(st.sampled_from(["put", "put", "put", "delete"]), resources), min_size=5, max_size=40)


def populated() -> list[tuple[str, Resource]]:
    """A mesh where everything refers to something, so that a random change most often matters."""
    seed: list[Resource] = [
        service("a", VIRTUAL_IPS[0], {"http": 80}, namespace="one"),
        service("b", VIRTUAL_IPS[1], {"http": 80}, namespace="two"),
    ]
    for namespace in NAMESPACES:
        listed = dict(zip(NAMES, IPS, strict=False))
        seed.append(endpoint_slice("a" if namespace == "one" else "b", {"http": 8080}, listed, namespace=namespace))
        seed += [pod(name, ip, namespace=namespace, labels={"app": name}, ports=PORTS) for name, ip in listed.items()]
    return [("put", resource) for resource in seed]
