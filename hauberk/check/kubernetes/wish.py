"""What a person wants to know of a cluster. Pure."""

from dataclasses import dataclass, field

from hauberk.config.chart import Values


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What a person wants to know."""

    namespace: str
    """The control plane's."""
    data_plane: bool = False
    programs_in: str | None = None
    """The namespace of programs; None: all."""
    values: Values = field(default_factory=Values)
    """Of what is to be installed, before it is."""
