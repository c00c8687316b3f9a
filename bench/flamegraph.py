"""A flame graph as SVG: each box is a function, as wide as the time in it and in what it called. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape

from bench.folded import Stack, part_of

WIDTH = 1200
ROW = 17
_MARGIN = 10
_TITLE = 40
_LEGEND = 26
_LEAST = 0.6
"""Narrower boxes, in pixels, are left out."""
_CHARACTER = 6.6
_COLOURS = {
    "kernel": "#d9c7a5",
    "TLS": "#f2a65a",
    "HTTP/2": "#9ad0c2",
    "HTTP/1": "#b7d99a",
    "headers": "#d5e3a0",
    "tokio": "#a9bfe8",
    "allocator": "#e6a5c2",
    "copying": "#cfcfcf",
    "Hauberk": "#e8746a",
    "others": "#eae6dc",
}


@dataclass
class _Box:
    count: int = 0
    inner: dict[str, "_Box"] = field(default_factory=dict)

    def depth(self) -> int:
        return 1 + max((box.depth() for box in self.inner.values()), default=0)


def draw(stacks: Mapping[Stack, int], title: str) -> str:
    """The outermost functions are at the bottom. Pointing at a box shows its name and share."""
    root = _Box()
    for stack, count in stacks.items():
        _add(root, stack, count)
    scale = (WIDTH - 2 * _MARGIN) / max(root.count, 1)
    root = _pruned(root, _LEAST / scale)
    height = _TITLE + ROW * (root.depth() - 1) + _LEGEND + _MARGIN
    boxes = "\n".join(_boxes(root, float(_MARGIN), height - _LEGEND - _MARGIN, scale, root.count))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        'font-family="monospace" font-size="11">\n'
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>\n'
        f'<text x="{WIDTH / 2:.0f}" y="24" text-anchor="middle" font-size="14">{escape(title)}</text>\n'
        f"{boxes}\n{_legend(height - _MARGIN)}\n</svg>\n"
    )


def _add(root: _Box, stack: Stack, count: int) -> None:
    root.count += count
    for function in stack:
        root = root.inner.setdefault(function, _Box())
        root.count += count


def _pruned(box: _Box, least: float) -> _Box:
    inner = {name: _pruned(each, least) for name, each in box.inner.items() if each.count >= least}
    return _Box(box.count, inner)


def _boxes(outer: _Box, x: float, bottom: float, scale: float, total: int) -> Iterator[str]:
    for name, box in sorted(outer.inner.items()):
        width = box.count * scale
        room = int((width - 4) / _CHARACTER)
        shown = name if len(name) <= room else f"{name[: room - 2]}.." if room > 4 else ""
        label = f'<text x="{x + 2:.1f}" y="{bottom - 5:.1f}">{escape(shown)}</text>' if shown else ""
        yield (
            f"<g><title>{escape(name)}: {box.count / total:.1%}</title>"
            f'<rect x="{x:.1f}" y="{bottom - ROW:.1f}" width="{max(width - 0.4, 0.2):.1f}" height="{ROW - 1}" rx="1" '
            f'fill="{_COLOURS[part_of(name)]}"/>{label}</g>'
        )
        yield from _boxes(box, x, bottom - ROW, scale, total)
        x += width


def _legend(y: float) -> str:
    step = (WIDTH - 2 * _MARGIN) / len(_COLOURS)
    return "\n".join(
        f'<rect x="{_MARGIN + step * n:.0f}" y="{y - 11:.0f}" width="12" height="12" fill="{colour}"/>'
        f'<text x="{_MARGIN + step * n + 17:.0f}" y="{y - 1:.0f}">{part}</text>'
        for n, (part, colour) in enumerate(_COLOURS.items())
    )
