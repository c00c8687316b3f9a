"""`hauberk completion`: the script that teaches a shell this tool's words."""

from __future__ import annotations

import click


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the completion script of a shell.

    \b
    Examples:
      source <(hauberk completion bash)                                   # this bash
      hauberk completion zsh > ~/.zfunc/_hauberk                          # zsh, with ~/.zfunc in fpath
      hauberk completion fish > ~/.config/fish/completions/hauberk.fish   # fish
    """
    from click.shell_completion import get_completion_class

    from hauberk.cli.main import hauberk

    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"no completion for {shell}")
    click.echo(kind(hauberk, {}, "hauberk", "_HAUBERK_COMPLETE").source())
