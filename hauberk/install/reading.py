"""Manifests → templates. Parts are put in their places here, so that nobody after this knows of them."""

import re
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

import yaml

from hauberk.install.template import (
    Condition,
    Derived,
    Each,
    Fields,
    Items,
    Node,
    Plain,
    Reference,
    TemplateInvalid,
    Text,
    When,
    may_be_absent,
)

_MERGE = "tag:yaml.org,2002:merge"
_NULL = "tag:yaml.org,2002:null"
_PLACE = re.compile(r"\{([^{}]*)\}")
_TEST = re.compile(r"(not )?(\S+?)(?: is (not )?(\S+))?")
_PARTS_DEEP = 8
_SCALARS = yaml.SafeLoader("")
"""Makes values of texts."""

Constants = Mapping[str, Node]


def read(folder: Path) -> dict[str, list[Node]]:
    """The documents of each file, by the file's name. Raises TemplateInvalid."""
    parts = folder / "parts"
    return {
        path.stem: [_Reader(path, parts, {}).node(root) for root in _roots(path)]
        for path in sorted(folder.glob("*.yaml"))
    }


def _roots(path: Path) -> list[yaml.Node]:
    try:
        found = list(yaml.compose_all(path.read_text(), yaml.CSafeLoader))
    except yaml.YAMLError as error:
        raise TemplateInvalid(f"{path.name}: {error}") from error
    return [root for root in found if root is not None and root.tag != _NULL]


class _Reader:
    """Of one file, or of one part at one place."""

    def __init__(self, path: Path, parts: Path, constants: Constants, depth: int = 0) -> None:
        self._path = path
        self._parts = parts
        self._constants = constants
        self._depth = depth
        self._tags: Mapping[str, Callable[[yaml.Node], Node]] = {
            "!value": self._value,
            "!text": self._text,
            "!image": lambda node: Derived(self._word(node), "image"),
            "!resources": lambda node: Derived(self._word(node), "resources"),
            "!when": self._when,
            "!each": self._each,
            "!verbs": self._verbs,
            "!part": self._part,
        }

    def node(self, node: yaml.Node) -> Node:
        if node.tag.startswith("!"):
            read = self._tags.get(node.tag)
            if read is None:
                raise self._invalid(node, f"there is no {node.tag}")
            return read(node)
        match node:
            case yaml.MappingNode():
                return self._fields(node)
            case yaml.SequenceNode(value=items):
                found = tuple(self.node(item) for item in items)
                self._see_that_it_is_never_empty(node, found)
                return Items(found)
            case _:
                return Plain(_SCALARS.yaml_constructors[node.tag](_SCALARS, node))

    def _fields(self, node: yaml.MappingNode) -> Fields:
        taken: dict[str, Node] = {}
        own: dict[str, Node] = {}
        reference: Reference | None = None
        for key, value in node.value:
            if key.tag != _MERGE:
                own[self._word(key)] = self.node(value)
                continue
            for source in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                match self.node(source):
                    case Fields(entries=entries, taken_in=inner):
                        taken = {**entries, **taken}
                        reference = reference or inner
                    case Reference() as found if reference is None:
                        reference = found
                    case _:
                        raise self._invalid(source, "`<<:` takes in parts, and one value")
        if reference is None:
            self._see_that_it_is_never_empty(node, [*taken.values(), *own.values()])
        return Fields({**own, **{key: value for key, value in taken.items() if key not in own}}, reference)

    def _see_that_it_is_never_empty(self, node: yaml.Node, inner: Collection[Node]) -> None:
        """A template of the chart has no word for what is empty only sometimes."""
        if inner and all(may_be_absent(each) for each in inner):
            raise self._invalid(node, "everything in it may be left out: leave out the whole")

    def _value(self, node: yaml.Node) -> Node:
        paths = tuple(self._word(node).split(" or "))
        return self._constants.get(paths[0]) or Reference(paths)

    def _text(self, node: yaml.Node) -> Node:
        pieces = _PLACE.split(self._word(node))
        parts: list[str | Reference] = []
        for number, piece in enumerate(pieces):
            if number % 2 == 0:
                parts.append(piece)
                continue
            match self._constants.get(piece, Reference(tuple(piece.split(" or ")))):
                case Plain(value=value):
                    parts.append(str(value))
                case Reference() as found:
                    parts.append(found)
                case _:
                    raise self._invalid(node, f"{piece} is no text")
        return _text(parts)

    def _when(self, node: yaml.Node) -> Node:
        given = self._arguments(node, needed={"if", "then"}, allowed={"else"})
        found = _TEST.fullmatch(self._word(given["if"]))
        if found is None:
            raise self._invalid(node, "`if` is `a`, `not a`, `a is word` or `a is not word`")
        test = Condition(found[2], found[4], negated=bool(found[1]) or bool(found[3]))
        return When(test, self.node(given["then"]), self.node(given["else"]) if "else" in given else None)

    def _each(self, node: yaml.Node) -> Node:
        given = self._arguments(node, needed={"of", "as", "do"})
        of, name = self._word(given["of"]), self._word(given["as"])
        constant = self._constants.get(of)
        if isinstance(constant, Items):
            inner = [self._within({**self._constants, name: item}) for item in constant.items]
            return Items(tuple(reader.node(given["do"]) for reader in inner))
        return Each(Reference((of,)), name, self.node(given["do"]))

    def _verbs(self, node: yaml.Node) -> Node:
        if not isinstance(node, yaml.MappingNode) or not node.value:
            raise self._invalid(node, "each verb has a reason")
        pairs = [(self._word(verb), self._word(reason)) for verb, reason in node.value]
        return Items(tuple(Plain(verb) for verb, _ in pairs), tuple(reason for _, reason in pairs))

    def _part(self, node: yaml.Node) -> Node:
        given: Mapping[str, yaml.Node] = {}
        if isinstance(node, yaml.MappingNode):
            given = {self._word(key): value for key, value in node.value}
        name = self._word(given["name"] if given else node)
        path = self._parts / f"{name}.yaml"
        roots = _roots(path) if path.exists() else []
        if len(roots) != 1 or self._depth >= _PARTS_DEEP:
            raise self._invalid(node, f"there is no part {name}, or it has itself in it, or is more than one document")
        constants = {key: self.node(value) for key, value in given.items() if key != "name"}
        return _Reader(path, self._parts, constants, self._depth + 1).node(roots[0])

    def _within(self, constants: Constants) -> "_Reader":
        return _Reader(self._path, self._parts, constants, self._depth)

    def _arguments(
        self, node: yaml.Node, *, needed: set[str], allowed: set[str] | frozenset[str] = frozenset()
    ) -> Mapping[str, yaml.Node]:
        given = {self._word(key): value for key, value in node.value} if isinstance(node, yaml.MappingNode) else {}
        if not needed <= given.keys() <= needed | allowed:
            raise self._invalid(node, f"{node.tag} needs {', '.join(sorted(needed))}")
        return given

    def _word(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode) or not node.value:
            raise self._invalid(node, "a word is wanted")
        return str(node.value)

    def _invalid(self, node: yaml.Node, why: str) -> TemplateInvalid:
        return TemplateInvalid(f"{self._path.name}:{node.start_mark.line + 1}: {why}")


def _text(parts: list[str | Reference]) -> Node:
    """In its plainest form: neighbours joined, and without places a constant."""
    joined: list[str | Reference] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        elif part != "":
            joined.append(part)
    if all(isinstance(part, str) for part in joined):
        return Plain("".join(map(str, joined)))
    return Text(tuple(joined))
