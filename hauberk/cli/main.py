"""The command `hauberk`: which subcommands there are, and what becomes of their errors."""

from __future__ import annotations

import importlib
import os
import sys
from typing import TYPE_CHECKING, Any

import click

from hauberk import __version__
from hauberk.cli import failure

if TYPE_CHECKING:
    from collections.abc import Sequence

# Section, command, its one line of help. A command's module is only imported when the command is used.
COMMANDS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (
        "The mesh",
        (
            ("up", "Run the control plane on this machine"),
            ("run", "Run a program in the mesh"),
            ("check", "Say what is wrong with the mesh and what to do"),
        ),
    ),
    (
        "Resources",
        (
            ("apply", "Create or change resources from files"),
            ("get", "List resources, or show some"),
            ("describe", "Tell all about a resource"),
            ("delete", "Delete resources"),
        ),
    ),
    (
        "Traffic",
        (
            ("stat", "Success rate, rate and latency of workloads"),
            ("edges", "Who talks to whom, and how safely"),
            ("identity", "Show the certificates of pods"),
            ("diagnostics", "What the control plane tells proxies, and what proxies measure"),
        ),
    ),
    (
        "Kubernetes",
        (
            ("install", "Print the control plane's manifests for a cluster"),
            ("upgrade", "Print this version's manifests for an installation"),
            ("prune", "Print what an installation no longer needs"),
            ("uninstall", "Print all that an installation is, to be deleted"),
            ("inject", "Ask for a proxy in each workload of manifests"),
            ("uninject", "Take the proxy out of manifests"),
            ("demo", "Show a company of programs in the mesh of a cluster"),
        ),
    ),
    (
        "This tool",
        (
            ("version", "Show the versions of this tool and the control plane"),
            ("completion", "Print the completion script of a shell"),
        ),
    ),
)


HIDDEN = ("controller",)
"""Commands for programs, not for people."""


class Commands(click.Group):
    """Finds commands by name, one module each, and groups them in the help."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return [name for _, commands in COMMANDS for name, _ in commands]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in (*self.list_commands(ctx), *HIDDEN):
            return None
        command = importlib.import_module(f"hauberk.cli.{cmd_name}").command
        if not isinstance(command, click.Command):
            raise TypeError(f"hauberk.cli.{cmd_name}.command is no command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        for section, commands in COMMANDS:
            with formatter.section(section):
                formatter.write_dl(list(commands))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:
        from click.shell_completion import CompletionItem

        found = [(name, text) for _, commands in COMMANDS for name, text in commands if name.startswith(incomplete)]
        items: list[Any] = [CompletionItem(name, help=text) for name, text in found]
        return [*items, *click.Command.shell_complete(self, ctx, incomplete)] if incomplete.startswith("-") else items


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=(
        "Exit codes: 0 done and healthy, 1 failed or unhealthy, 2 wrong usage, 125 the program of `run` could not be "
        "set up."
    ),
)
@click.option(
    "--socket",
    metavar="PATH",
    envvar="HAUBERK_SOCKET",
    help="The control plane's API socket [default: of root's control plane, else of yours; env: HAUBERK_SOCKET].",
)
@click.version_option(__version__, message="hauberk %(version)s", help="Show this tool's version and exit.")
@click.pass_context
def hauberk(ctx: click.Context, socket: str | None) -> None:
    """Hauberk is a service mesh: mutual TLS, policy, balancing and numbers for programs that know nothing of it.

    \b
    Examples:
      hauberk up                                            # the control plane, until Ctrl-C
      sudo hauberk run --name web --port 80:8080 -- ./web   # a program in the mesh
      hauberk edges                                         # who talks to whom
    """
    ctx.obj = socket


def main(args: Sequence[str] | None = None) -> None:
    """The entry point. Never shows a traceback for what a person can put right."""
    color = False if os.environ.get("NO_COLOR") else None
    try:
        code = hauberk.main(args=args, prog_name="hauberk", standalone_mode=False, color=color)
    except click.exceptions.Abort:
        raise SystemExit(130) from None
    except click.ClickException as error:
        of_run = _command_word(sys.argv[1:] if args is None else args) == "run"
        raise SystemExit(failure.tell_usage(error, of_run=of_run)) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except BrokenPipeError:
        # The reader (head, less) has gone; nothing is left to say, and Python must not try at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(141) from None
    except Exception as error:
        told = failure.explain(error)
        if told is None:
            raise
        raise SystemExit(failure.tell(told)) from None
    raise SystemExit(code if isinstance(code, int) else 0)


def _command_word(words: Sequence[str]) -> str:
    """The command that was meant, also where the rest could not be understood."""
    rest = iter(words)
    for word in rest:
        if word == "--socket":
            next(rest, None)
        elif not word.startswith("-"):
            return word
    return ""
