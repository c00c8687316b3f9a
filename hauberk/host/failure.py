"""Why a program could not be brought into the mesh."""

from __future__ import annotations


class SetupFailed(Exception):
    """What was wrong and, as the hint, what the person can do about it. Ends `hauberk run` with 125."""

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.hint = hint
