"""`hauberk demo`: a company of programs in the mesh of a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from hauberk.cli import installing, kubernetes
from hauberk.cli.failure import CommandFailed

if TYPE_CHECKING:
    from hauberk.client.api import Client
    from hauberk.demo.staging import Staging


def _images(context: click.Context, parameter: click.Parameter, words: tuple[str, ...]) -> dict[str, str]:
    from hauberk.demo.cast import IMAGES

    found = {}
    for word in words:
        name, _, image = word.partition("=")
        if name not in IMAGES or not image:
            raise click.BadParameter(
                f"{word!r} must be an image for one of {', '.join(IMAGES)}, as nginx=IMAGE", context, parameter
            )
        found[name] = image
    return found


@click.command()
@click.option("--kubernetes", "on_kubernetes", is_flag=True, help="On a cluster, the one that kubectl would ask.")
@click.option(
    "-n",
    "--namespace",
    metavar="NAME",
    default="hauberk-demo",
    show_default=True,
    callback=kubernetes.label,
    help="A namespace of its own, which is made and deleted.",
)
@click.option("--once", is_flag=True, help="End with a verdict; the exit code is 0 if every promise is kept.")
@click.option("--keep", is_flag=True, help="Leave the namespace and all that is in it.")
@click.option("--print", "only_print", is_flag=True, help="Only print the manifests, for kubectl.")
@kubernetes.mesh_option("--mesh-namespace")
@click.option(
    "--image",
    "images",
    metavar="NAME=IMAGE",
    multiple=True,
    callback=_images,
    help="Another image with nginx, redis or python (that of the demo's own programs), as from a registry of yours.",
)
@kubernetes.options
def command(
    namespace: str,
    mesh_namespace: str,
    *,
    images: dict[str, str],
    on_kubernetes: bool,
    once: bool,
    keep: bool,
    only_print: bool,
    **asked: Any,  # noqa: ANN401 - options by name
) -> None:
    """Show a small shop of unmodified programs in the mesh: who talks to whom, how safely and how fast.

    It comes into a namespace of its own. While there is traffic, a route takes a broken replica out, a policy refuses
    a stranger, one replica leaves and another one comes. Ctrl-C deletes what was made.

    \b
    Examples:
      hauberk demo --kubernetes
      hauberk demo --kubernetes --once
      hauberk demo --kubernetes --print | kubectl apply -f -
    """
    if not on_kubernetes:
        hint = "on a cluster: hauberk demo --kubernetes. On this machine: sudo make demo, in a checkout of the sources"
        raise CommandFailed("say where the demo is to be played", hint=hint)
    if only_print:
        from hauberk.demo.objects import whole
        from hauberk.demo.staging import by_default

        installing.show(whole(by_default(namespace, mesh_namespace).replacing(images)), "yaml")
        return

    async def work(client: Client) -> int:
        from hauberk.demo.show import play

        staging = await _look(client, namespace, mesh_namespace)
        return await play(client, staging.replacing(images), once=once, keep=keep)

    raise SystemExit(kubernetes.converse(asked, work, otherwise="sudo make demo plays it without a cluster"))


async def _look(client: Client, namespace: str, mesh_namespace: str) -> Staging:
    """Raises ApiError and CommandFailed."""
    from hauberk.demo.failure import PlayError
    from hauberk.demo.staging import installed
    from hauberk.install.looking import config

    try:
        return installed(await config(client, mesh_namespace), namespace, mesh_namespace)
    except PlayError as error:
        raise CommandFailed(str(error), hint=error.hint) from None
