"""What a check found, in Linkerd's form: categories of checks with an outcome each. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Outcome = Literal["success", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Check:
    """`description` says what holds if all is well; otherwise `error` says what is wrong and `hint` what to do."""

    description: str
    outcome: Outcome = "success"
    error: str = ""
    hint: str = ""
    settles: bool = False
    """Whether what is wrong may become well by itself: who waits looks again."""


@dataclass(frozen=True, slots=True)
class Category:
    """Checks about one part of the mesh."""

    name: str
    checks: Sequence[Check]


def verdict(
    description: str, error: str | None, hint: str, *, outcome: Outcome = "error", settles: bool = False
) -> Check:
    """All well without an `error`, else that and the `hint`."""
    return Check(description) if not error else Check(description, outcome, error, hint, settles)


def healthy(categories: Iterable[Category]) -> bool:
    """Whether nothing failed; warnings are not failures."""
    return all(check.outcome != "error" for category in categories for check in category.checks)


def may_settle(categories: Iterable[Category]) -> bool:
    """Whether something failed, and whatever did may still become well by itself."""
    failed = [check for category in categories for check in category.checks if check.outcome == "error"]
    return bool(failed) and all(check.settles for check in failed)


def to_document(categories: Sequence[Category]) -> dict[str, Any]:
    """The JSON that `linkerd check -o json` prints."""
    return {
        "success": healthy(categories),
        "categories": [
            {
                "categoryName": category.name,
                "checks": [
                    {
                        "description": check.description,
                        **({"hint": check.hint, "error": check.error} if check.error else {}),
                        "result": check.outcome,
                    }
                    for check in category.checks
                ],
            }
            for category in categories
        ],
    }


def listed(found: Sequence[str], *, most: int = 5) -> str:
    """The first few, and how many more there are."""
    more = len(found) - most
    return "; ".join(found[:most]) + (f"; and {more} more" if more > 0 else "")
