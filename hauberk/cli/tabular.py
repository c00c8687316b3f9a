"""`Table` objects (meta/v1) as text, and rows of the same form for objects that come one by one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from hauberk.cli import output

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hauberk.model.kinds import Kind


def joined(tables: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Tables of one kind as one."""
    first = tables[0] if tables else {}
    rows = [row for table in tables for row in table.get("rows") or []]
    return {"columnDefinitions": first.get("columnDefinitions") or [], "rows": rows}


def text(table: dict[str, Any], *, wide: bool, namespaces: bool, prefix: Kind | None = None) -> str:
    """What kubectl prints of a table. `prefix` puts the kind before each name, where there are several kinds."""
    columns = [i for i, column in enumerate(table["columnDefinitions"]) if wide or not column.get("priority")]
    headers = [str(table["columnDefinitions"][i]["name"]).upper() for i in columns]
    rows = []
    for row in table["rows"]:
        cells = [str(row["cells"][i]) for i in columns]
        if prefix is not None:
            cells[0] = f"{prefix.kind.lower()}{f'.{prefix.group}' if prefix.group else ''}/{cells[0]}"
        rows.append([str(row["object"]["metadata"].get("namespace", "")), *cells] if namespaces else cells)
    return output.table(["NAMESPACE", *headers] if namespaces else headers, rows)


class Follower:
    """Rows of a watch: the header once, and the columns as wide as the first listing made them."""

    def __init__(self, kind: Kind, *, wide: bool, namespaces: bool) -> None:
        self._kind = kind
        self._columns = [column for column in kind.columns if wide or not column.priority]
        self._namespaces = namespaces
        self._widths: list[int] = []

    def lines(self, items: Sequence[dict[str, Any]]) -> list[str]:
        rows = [self._cells(item) for item in items]
        if not rows:
            return []
        if not self._widths:
            rows.insert(0, [*(["NAMESPACE"] if self._namespaces else []), *(c.name.upper() for c in self._columns)])
            self._widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
        padded = ((cell.ljust(width) for cell, width in zip(row, self._widths, strict=True)) for row in rows)
        return ["   ".join(cells).rstrip() for cells in padded]

    def _cells(self, item: dict[str, Any]) -> list[str]:
        resource = msgspec.convert(item, self._kind.struct)
        now = datetime.now(UTC)
        cells = [str(column.cell(resource, now)) for column in self._columns]
        return [resource.metadata.namespace, *cells] if self._namespaces else cells
