"""What somebody chose for an installation, and the objects that this version makes of it. Pure, but for templates."""

from dataclasses import dataclass

import hauberk
from hauberk.check.kubernetes.existence import option_for
from hauberk.check.kubernetes.seen import Document
from hauberk.config.chart import Values
from hauberk.install.files import templates
from hauberk.install.judging import is_helms
from hauberk.install.layering import of_installation
from hauberk.install.objects import Name, in_order, name_of
from hauberk.install.rendering import Installation, render
from hauberk.install.shape import ValuesInvalid
from hauberk.install.stored import StoredInvalid


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """Of one installation."""

    values: Values
    rendered: tuple[Document, ...]
    upgrade: str
    """The command that makes the cluster be like this."""
    error: str = ""
    """Why the values cannot be understood; then they are the defaults."""

    @property
    def names(self) -> list[Name]:
        return [name_of(document) for document in self.rendered]

    @property
    def proxy_version(self) -> str:
        """That new pods note; as the injector has it."""
        return self.values.proxy.image.version or hauberk.__version__


def chosen(config: Document, namespace: str) -> Chosen:
    """`config`: the ConfigMap `linkerd-config`."""
    values, error = _values(config)
    upgrade = (
        f"helm upgrade -n {namespace} RELEASE CHART"
        if is_helms(config)
        else f"hauberk upgrade{option_for(namespace)} | kubectl apply -f -"
    )
    return Chosen(values=values, rendered=rendered(values, namespace), upgrade=upgrade, error=error)


def rendered(values: Values, namespace: str) -> tuple[Document, ...]:
    return tuple(in_order(render(templates(), Installation(namespace=namespace, values=values))))


def _values(config: Document) -> tuple[Values, str]:
    try:
        return of_installation(config), ""
    except (StoredInvalid, ValuesInvalid) as error:
        return Values(), str(error)
