"""Whether a run counts as a success, by its bench.json."""

from collections.abc import Mapping
from typing import Any


def missed(document: Mapping[str, Any]) -> list[str]:
    """Each goal that this run showed not to be met, with what was found."""
    return [
        f"{goal['what']}: {goal['value']:.2f}, {'at least' if goal['at_least'] else 'at most'} {goal['limit']:.2f}"
        for goal in document["goals"]
        if not goal["met"]
    ]


def complaint(document: Mapping[str, Any]) -> str | None:
    """What `--strict` has to say, in one line; None if all goals that the run tells something of are met."""
    short = missed(document)
    return f"{len(short)} of {len(document['goals'])} goals missed: {'; '.join(short)}" if short else None
