"""Installations of different values, as objects."""

from functools import cache
from typing import Any

from hauberk.config.chart import HA, Values
from hauberk.install.files import templates
from hauberk.install.layering import Asked, layered
from hauberk.install.rendering import Installation, render
from hauberk.install.setting import assignments

Document = dict[str, Any]

SETS: dict[str, tuple[str, tuple[str, ...], bool]] = {
    "default": ("hauberk", (), False),
    "ha": ("hauberk", (), True),
    "cni": ("hauberk", ("cni.enabled=true", "proxyInit.ignoreInboundPorts="), False),
    "cni repair": (
        "mesh-1",
        ("cni.enabled=true", "cni.repair=true", "cni.binDir=/opt/bin", "proxyInit.skipSubnets=10.1.0.0/16"),
        False,
    ),
    "external issuer": ("hauberk", ("identity.issuer.scheme=kubernetes.io/tls", "identity.externalCA=true"), False),
    "external bundle": ("hauberk", ("identity.externalCA=true",), False),
    "no ipv6": ("hauberk", ("disableIPv6=true",), False),
    "elsewhere": ("mesh-1", ("clusterDomain=example.org", "identityTrustDomain=trust.example.org"), False),
    "secrets": ("hauberk", ("imagePullSecrets={one,two}", "priorityClassName=high"), False),
    "resources": (
        "hauberk",
        (
            "controllerResources.cpu.limit=2",
            "controllerResources.memory.request=64Mi",
            "proxy.resources.ephemeralStorage.limit=1Gi",
        ),
        True,
    ),
    "images": (
        "hauberk",
        (
            "controllerImage.name=registry.local:5000/c",
            "controllerImage.version=7",
            "proxy.image.name=p@sha256:0a",
            "proxy.image.pullPolicy=Always",
        ),
        False,
    ),
    "placed": (
        "hauberk",
        (
            r"nodeSelector.kubernetes\.io/os=null",
            "nodeSelector.disk=true",
            "tolerations[0].operator=Exists",
            "tolerations[0].effect=NoExecute",
            "tolerations[0].tolerationSeconds=5",
            "podLabels.team=a",
            r"podAnnotations.note=50% <b> {{ x }} \"q\"",
        ),
        False,
    ),
    "narrow": (
        "hauberk",
        (
            "proxyInjector.namespaceSelector.matchExpressions[0].key=mesh",
            "proxyInjector.namespaceSelector.matchExpressions[0].operator=In",
            "proxyInjector.namespaceSelector.matchExpressions[0].values={a,b}",
            "proxyInjector.objectSelector.matchExpressions[0].key=old",
            "proxyInjector.objectSelector.matchExpressions[0].operator=DoesNotExist",
            "proxyInjector.timeoutSeconds=3",
        ),
        False,
    ),
    "open": (
        "hauberk",
        ("networkPolicies=false", "clusterNetworks={10.0.0.0/8}", "controllerUID=1000660000"),
        False,
    ),
}
"""Namespace, what is set, and whether it begins with `--ha`."""


def values_of(name: str) -> Values:
    _, texts, ha = SETS[name]
    return layered(Asked(high_availability=ha, assignments=[each for text in texts for each in assignments(text)]))


@cache
def rendered(name: str = "default") -> tuple[Document, ...]:
    return tuple(objects(values_of(name), SETS[name][0]))


def objects(values: Values = HA, namespace: str = "hauberk") -> list[Document]:
    return render(templates(), Installation(namespace=namespace, values=values))


def one(documents: tuple[Document, ...] | list[Document], kind: str, name: str) -> Document:
    (found,) = [each for each in documents if each["kind"] == kind and each["metadata"]["name"] == name]
    return found


def pods(documents: tuple[Document, ...]) -> dict[str, Document]:
    """The pods of the Deployments, by their names."""
    return pods_of(documents, "Deployment")


def pods_of(documents: tuple[Document, ...], kind: str) -> dict[str, Document]:
    return {each["metadata"]["name"]: each["spec"]["template"] for each in documents if each["kind"] == kind}


def containers(documents: tuple[Document, ...]) -> list[tuple[str, Document]]:
    return [(name, container) for name, pod in pods(documents).items() for container in pod["spec"]["containers"]]


def environment(container: Document) -> dict[str, str]:
    return {each["name"]: each.get("value", "") for each in container["env"]}
