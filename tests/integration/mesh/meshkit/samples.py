"""A page of metrics (Prometheus' text format), read without any code of the project's own."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_LINE = re.compile(r"([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)(?: .*)?")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True)
class Sample:
    name: str
    labels: dict[str, str]
    value: float


class Samples:
    def __init__(self, page: str) -> None:
        self._samples = list(_read(page))

    def of(self, name: str, **labels: str) -> list[Sample]:
        """The samples of this name that have at least these labels."""
        return [s for s in self._samples if s.name == name and labels.items() <= s.labels.items()]

    def total(self, name: str, **labels: str) -> float:
        """The sum of them; 0 where there is none."""
        return sum(sample.value for sample in self.of(name, **labels))


def _read(page: str) -> Iterator[Sample]:
    for line in page.splitlines():
        if line and not line.startswith("#"):
            found = _LINE.fullmatch(line)
            assert found, f"not a line of metrics: {line}"
            yield Sample(found[1], dict(_LABEL.findall(found[2] or "")), float(found[3]))
