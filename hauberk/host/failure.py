"""Why a program could not be brought into the mesh."""


class SetupFailed(Exception):
    """What was wrong and, as the hint, what the person can do about it. Ends `hauberk run` with 125."""

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.hint = hint
