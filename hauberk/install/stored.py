"""What of an installation's values was kept in the cluster. Pure."""

from collections.abc import Mapping
from typing import Any

from hauberk.install.objects import CONFIG, Document
from hauberk.install.overriding import base_of, difference
from hauberk.install.shape import ROOT, Place, ValuesInvalid
from hauberk.model.problem import ManifestInvalid
from hauberk.model.yaml import whole


class StoredInvalid(Exception):
    """The ConfigMap holds no values."""


def stored(config: Document) -> tuple[dict[str, Any], list[str]]:
    """What somebody chose, and the names of values among them that this version does not have.

    Raises StoredInvalid.
    """
    data = config.get("data") or {}
    if "overrides" in data:
        found = _read(data["overrides"])
    elif "values" in data:
        # Nobody chose anything, or whoever wrote it keeps all values.
        whole_values = _read(data["values"])
        base = base_of(high_availability=bool(whole_values.get("highAvailability")))
        found = {key: value for key, value in difference(whole_values, base).items() if value is not None}
        if whole_values.get("highAvailability"):
            found["highAvailability"] = True
    else:
        raise StoredInvalid(f"the ConfigMap {CONFIG} has no values")
    unknown: list[str] = []
    return _known(found, ROOT, unknown), unknown


def _read(text: object) -> dict[str, Any]:
    try:
        documents = whole(str(text), file=f"ConfigMap {CONFIG}")
    except ManifestInvalid as error:
        raise StoredInvalid(str(error)) from None
    return dict(documents[0].raw) if documents else {}


def _known(found: Mapping[str, Any], place: Place, unknown: list[str]) -> dict[str, Any]:
    kept = {}
    for key, value in found.items():
        try:
            inner = place.inner(key)
        except ValuesInvalid:
            unknown.append(f"{place.name}.{key}" if place.name else key)
            continue
        kept[key] = _known(value, inner, unknown) if isinstance(value, Mapping) else value
    return kept
