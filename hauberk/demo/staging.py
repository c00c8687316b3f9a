"""How a mesh's installation has the demo staged. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

from hauberk import __version__
from hauberk.check.kubernetes.versions import version_of
from hauberk.config.chart import Values
from hauberk.demo.cast import IMAGES, Home
from hauberk.demo.failure import PlayError
from hauberk.install.layering import of_installation
from hauberk.install.objects import Document
from hauberk.install.rendering import image_of
from hauberk.install.shape import ValuesInvalid
from hauberk.install.stored import StoredInvalid


@dataclass(frozen=True)
class Staging:
    home: Home
    images: Mapping[str, str]
    """By the names of `cast.IMAGES`. The control plane's is on the cluster already."""
    pull_policy: str
    """Of the control plane's."""

    def replacing(self, images: Mapping[str, str]) -> Self:
        """With other images, by the same names."""
        return replace(self, images={**self.images, **images})


def by_default(namespace: str, mesh_namespace: str) -> Staging:
    """For an installation of this version with no value chosen."""
    return _staging(Values(), namespace, mesh_namespace, __version__)


def installed(config: Document | None, namespace: str, mesh_namespace: str) -> Staging:
    """By the installation's ConfigMap `linkerd-config`. Raises PlayError."""
    if config is None:
        raise PlayError(
            f"Hauberk is not installed in the namespace {mesh_namespace}",
            hint="install it with `hauberk install | kubectl apply -f -`, or name its namespace with --mesh-namespace",
        )
    try:
        values = of_installation(config)
    except (StoredInvalid, ValuesInvalid) as error:
        raise PlayError(
            f"the values of the installation in {mesh_namespace}: {error}", hint="see hauberk upgrade"
        ) from None
    return _staging(values, namespace, mesh_namespace, version_of(config) or __version__)


def _staging(values: Values, namespace: str, mesh_namespace: str, version: str) -> Staging:
    trust_domain = values.identity_trust_domain or values.cluster_domain
    return Staging(
        home=Home(namespace, f".serviceaccount.identity.{mesh_namespace}.{trust_domain}"),
        images={name: image or image_of(values.controller_image, version) for name, image in IMAGES.items()},
        pull_policy=values.controller_image.pull_policy,
    )
