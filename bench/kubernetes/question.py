"""A number and what the project has set itself."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Answered:
    what: str
    value: float
    unit: str
    goal: float | None = None
    """At most; None: it is only to be known."""

    @property
    def met(self) -> bool | None:
        return None if self.goal is None else self.value <= self.goal

    def line(self) -> str:
        """Of a table in Markdown."""
        goal = "" if self.goal is None else f"≤ {self.goal:g} {self.unit}"
        said = {None: "", True: "met", False: "not met"}[self.met]
        return f"| {self.what} | {self.value:.3g} {self.unit} | {goal} | {said} |"
