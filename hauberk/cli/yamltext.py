"""Values → YAML that every reader takes for the same values, whichever version of YAML it knows."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

_AMBIGUOUS = re.compile(r"[yYnN]|[-+.]*[0-9][0-9a-fA-FxXoO_.eE+-]*")
"""Texts that one reader or another takes for a truth value or a number."""
_WIDTH = 1_000_000


def text_of(value: object) -> str:
    """In the order of the value; lines of a text stay lines."""
    import yaml

    written = yaml.dump(value, Dumper=_dumper(), sort_keys=False, allow_unicode=True, width=_WIDTH)
    return str(written).rstrip("\n")


@cache
def _dumper() -> type[Any]:
    import yaml

    class Dumper(yaml.CSafeDumper):
        def ignore_aliases(self, data: object) -> bool:
            """What stands in two places is written twice."""
            del data
            return True

    def represent(dumper: Any, text: str) -> Any:  # noqa: ANN401 - PyYAML's own
        style = '"' if _AMBIGUOUS.fullmatch(text) else "|" if "\n" in text else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)

    Dumper.add_representer(str, represent)
    return Dumper
