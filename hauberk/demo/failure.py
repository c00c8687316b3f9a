"""Why the demo cannot go on."""


class PlayError(Exception):
    """The text is for the person who watches, as is the hint."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint
