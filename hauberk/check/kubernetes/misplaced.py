"""Words of the mesh that mean nothing where they stand. Pure."""

from collections.abc import Iterator
from difflib import get_close_matches

from hauberk.check.kubernetes.seen import Document, annotations_of, called, labels_of
from hauberk.injector.asked import DISABLED, ENABLED, INGRESS, INJECT
from hauberk.install.objects import UNTOUCHED_LABEL
from hauberk.sidecar import keys
from hauberk.sidecar.table import TABLE

_SETTINGS = "config.linkerd.io/"
_LABELS = {"Namespace": (UNTOUCHED_LABEL,)}
"""Those that are labels indeed, by kind."""
_HAVE_PROXIES = ("Namespace", "Pod")
_SHOWN = 40
"""Characters of a value."""


def misplaced(kind: str, document: Document) -> Iterator[str]:
    """What is said of one object, and is not heard."""
    what = f"{kind} {called(document)}"
    for key in labels_of(document):
        if _asks(key) and key not in _LABELS.get(kind, ()):
            yield f"{what}: the label {key} should be an annotation"
    for key, value in annotations_of(document).items():
        if _asks(key) and (told := _annotation(kind, key, value)):
            yield f"{what}: {told}"


def _asks(key: str) -> bool:
    return key == INJECT or key.startswith(_SETTINGS)


def _annotation(kind: str, key: str, value: str) -> str:
    """Empty where it is heard."""
    if kind == "Service":
        return "" if key == keys.OPAQUE_PORTS else f"the annotation {key} means nothing on a Service"
    if kind not in _HAVE_PROXIES:
        return f"the annotation {key} belongs to spec.template.metadata"
    if key == INJECT:
        words = (ENABLED, INGRESS, DISABLED)
        return "" if value in words else f"{key} is {value[:_SHOWN]!r}, which is none of {', '.join(words)}"
    row = TABLE.get(keys.ALIASES.get(key, key))
    if row is None:
        near = get_close_matches(key, TABLE, n=1)
        return f"nobody knows the annotation {key}" + (f": the nearest is {near[0]}" if near else "")
    try:
        row.check(value)
    except ValueError as error:
        return f"{key}: {error}"
    return ""
