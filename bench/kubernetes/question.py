"""A number and what the project has set itself."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Answered:
    what: str
    value: float
    unit: str
    goal: float | None = None
    """At most; None: it is only to be known."""
    error: float | None = None
    """The standard error of a value that is a mean; None: it is none."""

    @property
    def met(self) -> bool | None:
        return None if self.goal is None else self.value <= self.goal

    def line(self) -> str:
        """Of a table in Markdown."""
        goal = "" if self.goal is None else f"≤ {self.goal:g} {self.unit}"
        said = {None: "", True: "met", False: "not met"}[self.met]
        spread = "" if self.error is None else f" ± {self.error:.1g}"
        return f"| {self.what} | {self.value:.3g}{spread} {self.unit} | {goal} | {said} |"
