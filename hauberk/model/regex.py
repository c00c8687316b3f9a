"""Regular expressions that proxies understand: what people write, checked before a proxy has to refuse it. Pure.

Proxies match bytes in linear time (the syntax of Rust's `regex`, without Unicode). A pattern that they cannot compile
makes them keep the policy that they had, so none may get through: what is accepted here is what that engine and Python
both take and mean alike.
"""

import re
import warnings
from dataclasses import dataclass, field

LENGTH_MAX = 4096
EXPANDED_MAX = 1500
"""Parts, with counted repetitions written out: our proxies give a pattern 256 KiB, and a part needs up to 170 bytes."""
DEPTH_MAX = 50

_COUNT = re.compile(r"\{([0-9]{1,4})(?:(,)([0-9]{1,4})?)?\}")
_GROUP = re.compile(r"\?(?:P<[A-Za-z_][A-Za-z0-9_]{0,31}>|[ims]{0,3}(?:-[ims]{1,3})?:)|\?[ims]{1,3}\)")
_HEX = re.compile(r"x[0-7][0-9A-Fa-f]")
_ESCAPES = frozenset("dDwWsSbBAafnrtv")
_NOT_IN_CLASS = frozenset("bBA")
_CLASS_PART = 8
"""Characters of a class that weigh as much as one part."""
_NOT_PUNCTUATION = frozenset("<>")
"""Escaped, these are ends of words to a proxy and themselves to others."""


class NotUnderstood(Exception):
    """Why the pattern is refused, as the end of a sentence."""


def check(text: str) -> None:
    """Raises NotUnderstood."""
    if not 1 <= len(text) <= LENGTH_MAX:
        raise NotUnderstood(f"has to have 1 to {LENGTH_MAX} characters")
    if not text.isascii():
        raise NotUnderstood("has other characters than ASCII, and proxies match bytes: write what is on the wire")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what is refused below
            re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        raise NotUnderstood(f"is not a regular expression: {error}") from None
    _Reader(text).read()


@dataclass
class _Reader:
    """Walks through a pattern that is well formed in Python's syntax."""

    text: str
    at: int = 0
    open: list[int] = field(default_factory=list)
    """Of each group that is open, the size of what was before it."""
    size: int = 0
    """Of what was read since the innermost group began."""
    last: int = 0
    """Of the last atom."""

    def read(self) -> None:
        while self.at < len(self.text):
            self._next(self.text[self.at])
            if self.size > EXPANDED_MAX:
                raise NotUnderstood(f"is too large: with repetitions written out it has more than {EXPANDED_MAX} parts")

    def _next(self, char: str) -> None:
        match char:
            case "\\":
                self._atom(self._escape(in_class=False))
            case "[":
                length = self._class()
                self._atom(length, parts=1 + length // _CLASS_PART)
            case "(":
                self._begin()
            case ")":
                self.at, self.last = self.at + 1, self.size + 1
                self.size = self.last + self.open.pop()
            case "*" | "+" | "?":
                self._repeated(1, 1)
                self.size += 1
            case "{":
                self._counted()
            case _:
                self._atom(1)

    def _atom(self, length: int, *, parts: int = 1) -> None:
        self.at += length
        self.last = parts
        self.size += parts

    def _begin(self) -> None:
        self.at += 1
        if self.text.startswith("?", self.at):
            found = _GROUP.match(self.text, self.at)
            if found is None:
                raise NotUnderstood(f"has a group (?{self.text[self.at + 1 : self.at + 2]}, which does not exist here")
            self.at = found.end()
            if found[0].endswith(")"):
                return  # flags for the rest
        self.open.append(self.size)
        self.size = 0
        if len(self.open) > DEPTH_MAX:
            raise NotUnderstood(f"has groups in groups, more than {DEPTH_MAX} deep")

    def _counted(self) -> None:
        found = _COUNT.match(self.text, self.at)
        if found is None:
            raise NotUnderstood("has a { that begins no repetition: write \\{")
        self._repeated(int(found[3] or found[1]), len(found[0]))

    def _repeated(self, times: int, length: int) -> None:
        self.at += length
        self.size += self.last * (times - 1 if times else 0)
        self.last *= max(times, 1)
        if self.text.startswith("+", self.at):
            raise NotUnderstood("has a possessive repetition, which does not exist here")
        if self.text.startswith("?", self.at):
            self.at += 1

    def _escape(self, *, in_class: bool) -> int:
        """The length of the escape at this place."""
        following = self.text[self.at + 1]
        hexadecimal = _HEX.match(self.text, self.at + 1)
        if hexadecimal is not None:
            return 1 + len(hexadecimal[0])
        known = following in _ESCAPES and not (in_class and following in _NOT_IN_CLASS)
        if not known and (following.isalnum() or following in _NOT_PUNCTUATION):
            raise NotUnderstood(f"has the escape \\{following}, which does not exist here or means something else")
        return 2

    def _class(self) -> int:
        """The length of the class of characters at this place."""
        begin = self.at
        self.at += 2 if self.text.startswith("^", self.at + 1) else 1
        first = self.at
        while self.at == first or self.text[self.at] != "]":
            if self.text[self.at] == "[" or self.text[self.at : self.at + 2] in ("&&", "--", "~~"):
                raise NotUnderstood(f"has {self.text[self.at : self.at + 2]} between [ and ]: write \\ before it")
            self.at += self._escape(in_class=True) if self.text[self.at] == "\\" else 1
        length = self.at + 1 - begin
        self.at = begin
        return length
