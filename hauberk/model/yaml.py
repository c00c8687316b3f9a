"""Files of manifests → documents: YAML 1.2 without surprises, bounded, with the place of whatever is wrong. Pure.

Differences from PyYAML's loaders: texts that look like dates, times or `yes` stay texts; a number is what it looks like
(no octal by a leading zero, no sexagesimals); duplicate keys, tags and endless aliases are refused.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from yaml import events

from hauberk.model.problem import ManifestInvalid, Problem, Source

BYTES_MAX = 8 * 1024 * 1024
"""Of one file."""
NODES_MAX = 100_000
"""Of one document, every use of an alias counted."""
DEPTH_MAX = 64
DOCUMENTS_MAX = 10_000

_NULL = re.compile(r"~|null|Null|NULL|")
_TRUE = re.compile(r"true|True|TRUE")
_FALSE = re.compile(r"false|False|FALSE")
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,18})")
_FLOAT = re.compile(r"[-+]?(0|[1-9][0-9]{0,18})?(\.[0-9]{1,19})?([eE][-+]?[0-9]{1,3})?")
_TEXT_TAGS = (None, "!", "tag:yaml.org,2002:str")


@dataclass(frozen=True)
class Document:
    """One object as it was written."""

    source: Source
    raw: Mapping[str, Any]


def documents(content: str | bytes, *, file: str) -> list[Document]:
    """Return the objects of a file, those of a `kind: List` one by one; raises ManifestInvalid. JSON is YAML too."""
    found = [item for document in whole(content, file=file) for item in _objects(document.raw, document.source)]
    if len(found) == 1 and found[0].source.document == 1:
        return [Document(Source(file, 0, found[0].source.line), found[0].raw)]
    return found


def whole(content: str | bytes, *, file: str) -> list[Document]:
    """Return the objects of a file as they were written: a List is one. Raises ManifestInvalid."""
    found: list[Document] = []
    for number, (line, value) in enumerate(_values(_text(content, file), file), 1):
        source = Source(file, number, line)
        if number > DOCUMENTS_MAX:
            raise ManifestInvalid(Source(file), (Problem("", f"has more than {DOCUMENTS_MAX} documents"),))
        if value is None:
            continue
        if not isinstance(value, dict):
            raise ManifestInvalid(source, (Problem("", "is not an object: it needs apiVersion, kind and metadata"),))
        found.append(Document(source, value))
    return found


def _text(content: str | bytes, file: str) -> str:
    if len(content) > BYTES_MAX:
        raise ManifestInvalid(Source(file), (Problem("", f"is larger than {BYTES_MAX} bytes"),))
    try:
        return content if isinstance(content, str) else content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ManifestInvalid(Source(file), (Problem("", f"is not text: byte {error.start} is not UTF-8"),)) from None


def _objects(value: Mapping[str, Any], source: Source) -> Iterator[Document]:
    if value.get("kind") != "List" or value.get("apiVersion") != "v1":
        yield Document(source, value)
        return
    items = value.get("items") or []
    if not isinstance(items, list):
        raise ManifestInvalid(source, (Problem("items", "is not a list"),), subject="List")
    for index, item in enumerate(items):
        if not isinstance(item, dict):
            raise ManifestInvalid(source, (Problem(f"items[{index}]", "is not an object"),), subject="List")
        yield Document(source, item)


def _values(text: str, file: str) -> Iterator[tuple[int, object]]:
    """The line on which each document begins, and what it is."""
    number = 0
    try:
        stream = yaml.parse(text, Loader=yaml.CSafeLoader)
        for event in stream:
            if isinstance(event, events.DocumentStartEvent):
                number += 1
                first = next(stream)
                yield _line(first), _Builder(stream, Source(file, number)).value(first, "", 0)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark is not None else 0
        raise ManifestInvalid(Source(file, number, line), (Problem("", f"is not YAML: {error.problem}"),)) from None
    except yaml.YAMLError as error:
        raise ManifestInvalid(Source(file, number), (Problem("", f"is not YAML: {error}"),)) from None


class _Builder:
    """Makes one document of events."""

    def __init__(self, stream: Iterator[events.Event], source: Source) -> None:
        self._stream = stream
        self._source = source
        self._anchors: dict[str, tuple[object, int]] = {}
        self._nodes = 0

    def value(self, event: events.Event, path: str, depth: int) -> object:
        before = self._nodes
        self._count(1, event, path)
        if depth > DEPTH_MAX:
            raise self._wrong(event, path, f"is nested more than {DEPTH_MAX} levels deep")
        match event:
            case events.AliasEvent():
                return self._alias(event, path)
            case events.ScalarEvent():
                made = self._scalar(event, path)
            case events.SequenceStartEvent():
                made = self._sequence(path, depth)
            case events.MappingStartEvent():
                made = self._mapping(path, depth)
            case _:
                raise self._wrong(event, path, "is not YAML that is understood here")
        if event.anchor is not None:
            self._anchors[event.anchor] = (made, self._nodes - before)
        return made

    def _alias(self, event: events.AliasEvent, path: str) -> object:
        if event.anchor not in self._anchors:
            raise self._wrong(event, path, f"there is no &{event.anchor} before this")
        made, size = self._anchors[event.anchor]
        self._count(size, event, path)
        return made

    def _scalar(self, event: events.ScalarEvent, path: str) -> object:
        text = event.value
        if event.tag not in _TEXT_TAGS:
            raise self._wrong(event, path, f"has the tag {event.tag}, and only plain values are understood")
        return _resolved(text) if event.implicit[0] and event.tag is None else text

    def _sequence(self, path: str, depth: int) -> list[object]:
        made: list[object] = []
        for event in self._stream:
            if isinstance(event, events.SequenceEndEvent):
                break
            made.append(self.value(event, f"{path}[{len(made)}]", depth + 1))
        return made

    def _mapping(self, path: str, depth: int) -> dict[object, object]:
        made: dict[object, object] = {}
        for event in self._stream:
            if isinstance(event, events.MappingEndEvent):
                break
            key = self.value(event, path, depth + 1)
            if isinstance(key, list | dict):
                raise self._wrong(event, path, "has a key that is not a string")
            place = f"{path}.{key}" if path else str(key)
            if key in made:
                raise self._wrong(event, place, "is there twice")
            made[key] = self.value(next(self._stream), place, depth + 1)
        return made

    def _count(self, nodes: int, event: events.Event, path: str) -> None:
        self._nodes += nodes
        if self._nodes > NODES_MAX:
            raise self._wrong(event, path, f"the document has more than {NODES_MAX} values")

    def _wrong(self, event: events.Event, path: str, reason: str) -> ManifestInvalid:
        source = Source(self._source.file, self._source.document, _line(event))
        return ManifestInvalid(source, (Problem(path, reason),))


def _line(event: events.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark is not None else 0


def _resolved(text: str) -> object:
    """What a plain scalar is (YAML 1.2, core schema, without octal, hexadecimal and infinite numbers)."""
    if _NULL.fullmatch(text):
        return None
    if _TRUE.fullmatch(text):
        return True
    if _FALSE.fullmatch(text):
        return False
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text) and any(c.isdigit() for c in text):
        return float(text)
    return text
