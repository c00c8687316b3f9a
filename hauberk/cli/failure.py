"""Errors as people see them: one line that says what is wrong, one that says what to do, and an exit code."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

import click

FAILED = 1
USAGE = 2
RUN_FAILED = 125


@dataclass(frozen=True, slots=True)
class Told:
    message: str
    hint: str | None = None
    code: int = FAILED


class CommandFailed(Exception):
    """A command cannot do what was asked. The message is for the person, as is the hint."""

    def __init__(self, message: str, *, hint: str | None = None, code: int = FAILED) -> None:
        super().__init__(message)
        self.told = Told(message, hint, code)


def explain(error: Exception) -> Told | None:
    """What to say of an error; None when it is a fault of this program, whose traceback is wanted."""
    if isinstance(error, CommandFailed):
        return error.told
    for explained in (_explain_setup, _explain_manifest, _explain_known, _explain_api, _explain_file):
        told = explained(error)
        if told is not None:
            return told
    return None


def tell(told: Told) -> int:
    """Prints `error:` and `hint:` lines on standard error and returns the exit code."""
    click.echo(f"{_styled('error:', 'red')} {told.message}", err=True)
    if told.hint:
        click.echo(f"{_styled('hint:', 'cyan')} {told.hint}", err=True)
    return told.code


def warn(message: str, hint: str | None = None) -> None:
    """Prints a `warning:` line on standard error."""
    click.echo(f"{_styled('warning:', 'yellow')} {message}", err=True)
    if hint:
        click.echo(f"{_styled('hint:', 'cyan')} {hint}", err=True)


def tell_usage(error: click.ClickException, *, of_run: bool) -> int:
    """Prints an error of the command line itself, with the way to the help, and returns the exit code."""
    hint = None
    if isinstance(error, click.UsageError) and error.ctx is not None:
        hint = f"{error.ctx.command_path} --help shows the usage"
    tell(Told(error.format_message(), hint))
    # Whoever asked `run` for something impossible must not take the answer for the program's own exit code.
    return RUN_FAILED if of_run else error.exit_code


def _styled(word: str, colour: str) -> str:
    plain = os.environ.get("NO_COLOR") or not sys.stderr.isatty()
    return word if plain else click.style(word, fg=colour, bold=True)


def _explain_setup(error: Exception) -> Told | None:
    from hauberk.host.failure import SetupFailed

    return Told(str(error), error.hint, RUN_FAILED) if isinstance(error, SetupFailed) else None


def _explain_manifest(error: Exception) -> Told | None:
    module = sys.modules.get("hauberk.model.parse")
    if module is None or not isinstance(error, module.ManifestInvalid):
        return None
    return Told(str(error), getattr(error, "hint", None))


_KNOWN = (
    ("hauberk.config.settings", "SettingInvalid", USAGE),
    ("hauberk.apiserver.listen", "SocketUnusable", FAILED),
    ("hauberk.store.protocol", "StoreError", FAILED),
)
"""Errors whose text is already for the person. Whoever raised one has imported its module."""


def _explain_known(error: Exception) -> Told | None:
    for module, name, code in _KNOWN:
        kind = getattr(sys.modules.get(module), name, None)
        if kind is not None and isinstance(error, kind):
            return Told(str(error), getattr(error, "hint", None), code)
    return None


def _explain_file(error: Exception) -> Told | None:
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return Told(f"{error.filename}: {error.strerror}")
    return None


def _explain_api(error: Exception) -> Told | None:
    from hauberk.client.errors import ApiError, Forbidden, Invalid, NotFound, Unreachable

    if not isinstance(error, ApiError):
        return None
    if isinstance(error, Unreachable):
        return Told(str(error).removesuffix(f": {error.hint}"), error.hint)
    if isinstance(error, Invalid) and len(error.causes) > 1:
        causes = "".join(f"\n  {cause.field}: {cause.message}" for cause in error.causes)
        return Told(error.message.partition(" is invalid: ")[0] + " is invalid:" + causes)
    if isinstance(error, Forbidden):
        return Told(error.message, _hint_for_forbidden(error.message, error.code))
    if isinstance(error, NotFound):
        return Told(error.message, "hauberk get lists what there is")
    return Told(error.message)


def _hint_for_forbidden(message: str, code: int) -> str:
    """Kubernetes says who may not do what in its own words; the control plane of a machine speaks of user ids."""
    from hauberk.client.refused import hint_for, refused

    if code == 401 or refused(message) is not None or "is forbidden" in message:
        return hint_for(message, unknown=code == 401)
    return "the control plane knows you by your user id: try as its own user, or as root"
