"""Is what people have written safe? Pure."""

from dataclasses import dataclass

from hauberk.check.report import Category, Check, verdict

FREE_BYTES_MIN = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class StoreFacts:
    path: str
    read_error: str | None = None
    """Why its objects could not be listed."""
    file_error: str | None = None
    """Why its file could not be looked at."""
    mode: int = 0o600
    free_bytes: int = FREE_BYTES_MIN


def store(facts: StoreFacts) -> Category:
    checks = [verdict("resources can be read", facts.read_error, "the log of `hauberk up` says what is wrong")]
    if facts.file_error is not None:
        hint = "set HAUBERK_STATE_DIR as for `hauberk up`, to have the file checked"
        checks.append(Check("the store's file is private", "warning", f"{facts.path}: {facts.file_error}", hint))
        return Category("hauberk-store", checks)
    checks += [
        verdict(
            "the store's file is private",
            f"{facts.path} has mode {facts.mode:04o}" if facts.mode & 0o077 else None,
            f"chmod 600 {facts.path}",
        ),
        verdict(
            "the store has room to grow",
            f"{facts.free_bytes >> 20} MiB are free where {facts.path} is"
            if facts.free_bytes < FREE_BYTES_MIN
            else None,
            "free some space: changes are refused when the disk is full",
        ),
    ]
    return Category("hauberk-store", checks)
