"""Routes as the answers carry them: how a request is recognised, and what is done with it."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Default:
    """A built-in default, by name; becomes metric labels."""

    name: str


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource that a person wrote."""

    group: str
    kind: str
    namespace: str
    name: str
    port: int = 0
    """0: the whole resource."""


Meta = Default | Resource


@dataclass(frozen=True, slots=True)
class Host:
    """An exact host, or with `suffix` any name below `name`."""

    name: str
    suffix: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """One condition on a string."""

    how: Literal["exact", "prefix", "regex"]
    value: str


@dataclass(frozen=True, slots=True)
class RequestMatch:
    """All conditions hold. Without any it matches every request, with the lowest precedence."""

    path: Match | None = None
    headers: tuple[tuple[str, Match], ...] = ()
    query: tuple[tuple[str, Match], ...] = ()
    method: str = ""


@dataclass(frozen=True, slots=True)
class CallMatch:
    """A gRPC call; all conditions hold, and an empty name is any."""

    service: str = ""
    """With its package."""
    method: str = ""
    headers: tuple[tuple[str, Match], ...] = ()


EVERY_PATH = RequestMatch(path=Match("prefix", "/"))


@dataclass(frozen=True, slots=True)
class ModifyHeaders:
    """Set, then added, then removed."""

    of: Literal["request", "response"]
    put: tuple[tuple[str, str], ...] = ()
    add: tuple[tuple[str, str], ...] = ()
    remove: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Redirect:
    """Answers with a redirect; an empty or zero part stays as in the request."""

    status: int
    scheme: str = ""
    host: str = ""
    port: int = 0
    path: Match | None = None
    """`exact`: the whole path; `prefix`: what replaces the matched prefix."""


@dataclass(frozen=True, slots=True)
class Fail:
    """Answers every request with an error."""

    status: int
    """Of HTTP; a gRPC call is answered with UNAVAILABLE (Gateway API, GRPCBackendRef)."""
    message: str


Filter = ModifyHeaders | Redirect | Fail
