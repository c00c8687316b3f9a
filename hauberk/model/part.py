"""The base of everything that a resource is made of."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar

import msgspec


class Part(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An immutable value with Kubernetes' field names in JSON (`target_port` is `targetPort`)."""

    not_honoured: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """Fields that Kubernetes knows here and Hauberk does not honour (yet), with what to do instead ("" if nothing).

    A manifest that uses one is refused with its name.
    """

    ignored: ClassVar[frozenset[str]] = frozenset()
    """Fields of a manifest that mean nothing to whoever writes it, because the server sets them; they are dropped."""
