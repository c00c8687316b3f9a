"""Why the control plane does not start."""


class StartFailed(Exception):
    """What is wrong, and as the hint what to do about it."""

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.hint = hint
