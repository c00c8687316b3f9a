"""What is wrong with a manifest, and where."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: `field` is a path such as `spec.rules[0].matches[0].path.type`."""

    field: str
    reason: str
    hint: str = ""
    """What to do about it, where that is not obvious from the reason."""

    def __str__(self) -> str:
        text = f"{self.field}: {self.reason}" if self.field else self.reason
        return f"{text} ({self.hint})" if self.hint else text


Problems = Iterator[Problem]
"""What a check yields: nothing for what is in order."""


@dataclass(frozen=True)
class Source:
    """Where a manifest comes from; `document` and `line` begin at 1, and 0 means that there is only one, or unknown."""

    file: str
    document: int = 0
    line: int = 0

    def __str__(self) -> str:
        parts = [f"document {self.document}" if self.document else "", f"line {self.line}" if self.line else ""]
        place = ", ".join(part for part in parts if part)
        return f"{self.file} ({place})" if place else self.file


class ManifestInvalid(Exception):
    """A manifest is refused as a whole, with everything that was found to be wrong with it."""

    def __init__(self, source: Source, problems: tuple[Problem, ...], *, subject: str = "") -> None:
        """`subject` is the kind and name of the object, as far as they are known."""
        where = f"{source}: {subject}" if subject else str(source)
        listed = f": {problems[0]}" if len(problems) == 1 else ":" + "".join(f"\n  {problem}" for problem in problems)
        super().__init__(where + listed)
        self.source = source
        self.subject = subject
        self.problems = problems

    @property
    def file(self) -> str:
        return self.source.file

    @property
    def document(self) -> int:
        """1 for the first; 0 if the file has no documents."""
        return self.source.document

    @property
    def field(self) -> str:
        """Of the first problem."""
        return self.problems[0].field

    @property
    def reason(self) -> str:
        """Of the first problem."""
        return self.problems[0].reason

    @property
    def hint(self) -> str:
        """Of the first problem; empty where there is none."""
        return self.problems[0].hint
