"""One setting of the proxy that an annotation may give."""

from dataclasses import dataclass

from hauberk.sidecar.syntax import Check


@dataclass(frozen=True, kw_only=True)
class Annotation:
    """A row of the table; `key` is the whole name."""

    key: str
    meaning: str
    """For people: half a sentence."""
    check: Check
    """On a pod. Gives the value in its plainest form; raises ValueError."""
    plain: Check | None = None
    """The same on a plain machine; None where it cannot be honoured there."""
    default: str = ""
    """What holds where neither a person nor the installation says anything."""
    variable: str = ""
    """Of the proxy, without its prefix, where the value goes into one as it is."""
    guards: bool = False
    """Whether a proxy without it would let in, or let out, what the annotation was to keep: then what makes no sense
    keeps the pod away, instead of only the setting."""
    lacking: str = ""
    """Why Hauberk honours no value but the default; empty where it honours all."""


def everywhere(
    key: str, meaning: str, check: Check, *, default: str = "", variable: str = "", guards: bool = False
) -> Annotation:
    """One that plain machines honour as pods do."""
    return Annotation(
        key=key, meaning=meaning, check=check, plain=check, default=default, variable=variable, guards=guards
    )
