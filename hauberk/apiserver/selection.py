"""Which objects of a collection a request wants: `labelSelector` and `fieldSelector` of a query string. Pure.

The grammar of label selectors is Kubernetes': `a=b`, `a==b`, `a!=b`, `a in (b,c)`, `a notin (b,c)`, `a`, `!a`, joined
by commas.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

_MAX_LENGTH = 4096
_KEY = r"(?:[a-z0-9][-a-z0-9.]*/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?"
_VALUE = r"(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?)?"
_TERM = re.compile(
    rf"\s*(?:(?P<absent>!)\s*(?P<absent_key>{_KEY})"
    rf"|(?P<key>{_KEY})(?:\s*(?P<op>==|=|!=)\s*(?P<value>{_VALUE})"
    r"|\s+(?P<set_op>in|notin)\s*\((?P<values>[^()]*)\))?)\s*(?P<end>,|$)"
)
_ONE_VALUE = re.compile(_VALUE)

Operator = Literal["in", "notin", "exists", "absent"]


class SelectorInvalid(Exception):
    """A selector of the query string cannot be understood, or names a field that cannot be selected by."""


@dataclass(frozen=True)
class Requirement:
    """One term of a label selector."""

    key: str
    operator: Operator
    values: frozenset[str] = frozenset()

    def accepts(self, labels: Mapping[str, str]) -> bool:
        match self.operator:
            case "exists":
                return self.key in labels
            case "absent":
                return self.key not in labels
            case "in":
                return labels.get(self.key) in self.values
            case "notin":
                return labels.get(self.key) not in self.values


@dataclass(frozen=True)
class Selection:
    """The objects that satisfy all requirements and have the given name and namespace, where given."""

    requirements: Sequence[Requirement] = ()
    name: str | None = None
    namespace: str | None = None
    not_names: frozenset[str] = frozenset()

    @property
    def everything(self) -> bool:
        return not self.requirements and self.name is None and self.namespace is None and not self.not_names

    def accepts(self, *, name: str, namespace: str, labels: Mapping[str, str]) -> bool:
        if self.name is not None and name != self.name:
            return False
        if self.namespace is not None and namespace != self.namespace:
            return False
        return name not in self.not_names and all(r.accepts(labels) for r in self.requirements)


def parse_selection(label_selector: str, field_selector: str) -> Selection:
    """Parse both selectors of a query string; raises SelectorInvalid."""
    requirements = _labels(label_selector)
    equal: dict[str, str] = {}
    not_names: set[str] = set()
    for term in filter(None, (part.strip() for part in field_selector.split(","))):
        field, operator, value = _field(term)
        if operator == "!=" and field == "metadata.name":
            not_names.add(value)
        elif operator == "!=" or field not in ("metadata.name", "metadata.namespace"):
            raise SelectorInvalid(
                f"field selector {term!r}: only metadata.name (= or !=) and metadata.namespace (=) can be selected by"
            )
        elif equal.setdefault(field, value) != value:
            raise SelectorInvalid(f"field selector: {field} is asked to have two values")
    return Selection(requirements, equal.get("metadata.name"), equal.get("metadata.namespace"), frozenset(not_names))


def _field(term: str) -> tuple[str, str, str]:
    for operator in ("!=", "==", "="):
        field, found, value = term.partition(operator)
        if found:
            return field.strip(), operator, value.strip()
    raise SelectorInvalid(f"field selector {term!r} is not of the form field=value")


def _labels(text: str) -> tuple[Requirement, ...]:
    if len(text) > _MAX_LENGTH:
        raise SelectorInvalid(f"the label selector has more than {_MAX_LENGTH} characters")
    requirements = []
    position = 0
    while text.strip() and position <= len(text):
        term = _TERM.match(text, position)
        if term is None:
            raise SelectorInvalid(f"cannot understand the label selector {text!r} from {text[position:]!r} on")
        requirements.append(_requirement(term))
        position = term.end()
        if not term["end"]:
            break
    return tuple(requirements)


def _requirement(term: re.Match[str]) -> Requirement:
    if term["absent"]:
        return Requirement(term["absent_key"], "absent")
    if term["set_op"]:
        values = frozenset(value.strip() for value in term["values"].split(","))
        for value in values:
            if _ONE_VALUE.fullmatch(value) is None:
                raise SelectorInvalid(f"{value!r} in the label selector is not the value of a label")
        return Requirement(term["key"], "in" if term["set_op"] == "in" else "notin", values)
    if term["op"]:
        return Requirement(term["key"], "notin" if term["op"] == "!=" else "in", frozenset({term["value"]}))
    return Requirement(term["key"], "exists")
