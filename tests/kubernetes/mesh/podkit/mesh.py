"""The mesh that is installed, and the namespaces of tests in it."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

CONTROL = "hauberk"
DEPLOYMENTS = ("deployment/linkerd-identity", "deployment/linkerd-destination", "deployment/linkerd-proxy-injector")
INJECT: Mapping[str, str] = MappingProxyType({"linkerd.io/inject": "enabled"})

Namespace = Callable[..., str]
"""`namespace(annotations)`: a new one, whose pods are injected unless its annotations say otherwise."""
