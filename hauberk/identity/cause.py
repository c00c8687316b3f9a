"""Why no certificate is given, in a few words: what counters are told apart by, whoever asks and whatever is asked."""

from enum import StrEnum


class Cause(StrEnum):
    """Who was wrong, and about what."""

    REQUEST = "request"
    """It makes no sense: no message of the contract, no name, or too long a one."""
    TOKEN = "token"  # noqa: S105 - a word
    """Nobody knows the token: it is forged, of another cluster, or of what is gone."""
    EXPIRED = "expired"
    AUDIENCE = "audience"
    """The token is genuine and for somebody else."""
    ACCOUNT = "account"
    """The token is genuine and no ServiceAccount's."""
    IDENTITY = "identity"
    """The token proves another name than the one that is asked for."""
    CALLER = "caller"
    """Who calls, by its certificate, asks for another's."""
    CSR = "csr"
    """The request to sign is not in order."""
    OTHER = "other"


def cause_of(word: str) -> Cause:
    """The cause of that name, and OTHER for what is none."""
    try:
        return Cause(word)
    except ValueError:
        return Cause.OTHER
