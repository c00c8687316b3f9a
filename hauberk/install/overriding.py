"""What of an installation's values somebody chose: the rest follows the defaults of the version at hand. Pure."""

from collections.abc import Mapping
from typing import Any

import msgspec
import yaml

from hauberk.config.chart import HA, Values


def plain(values: Values) -> dict[str, Any]:
    """As JSON has it: in names of files of values, with lists."""
    return dict(msgspec.json.decode(msgspec.json.encode(values)))


def base_of(*, high_availability: bool) -> dict[str, Any]:
    """What choices are laid upon."""
    return plain(HA if high_availability else Values())


def overrides(values: Values) -> dict[str, Any]:
    """Laid upon their base they give the same values again. None stands for a key that was taken out of a mapping."""
    found = difference(plain(values), base_of(high_availability=values.high_availability))
    return {"highAvailability": True, **found} if values.high_availability else found


def difference(mine: Mapping[str, Any], base: Mapping[str, Any]) -> dict[str, Any]:
    """What `laid` makes `mine` of `base` with."""
    found: dict[str, Any] = {key: None for key in base if key not in mine}
    for key, value in mine.items():
        if key not in base:
            found[key] = value
        elif isinstance(value, Mapping) and isinstance(base[key], Mapping):
            if inner := difference(value, base[key]):
                found[key] = inner
        elif value != base[key]:
            found[key] = value
    return found


def laid(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Mappings are merged, all else is replaced, as Helm does; None takes a key out."""
    found = dict(base)
    for key, value in over.items():
        if value is None:
            found.pop(key, None)
        elif isinstance(value, Mapping):
            below = found.get(key)
            found[key] = laid(below if isinstance(below, Mapping) else {}, value)
        else:
            found[key] = value
    return found


def written(values: Mapping[str, Any]) -> str:
    """As YAML."""
    return str(yaml.safe_dump(dict(values), sort_keys=False, allow_unicode=True))
