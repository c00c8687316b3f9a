"""One value of one series, as a proxy reports it."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """What a value is about. Interned by the parser: the same text is the same object, so identity is equality."""

    key: str
    """The series as it was written, `name{labels}`; two scrapes of one proxy are joined by it."""
    name: str
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sample:
    series: Series
    value: float
