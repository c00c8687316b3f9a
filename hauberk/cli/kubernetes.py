"""Commands that ask a Kubernetes cluster, the one that kubectl would ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

from hauberk.cli.failure import CommandFailed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from hauberk.client.api import Client

F = TypeVar("F", bound="Callable[..., Any]")
T = TypeVar("T")

DEFAULT_NAMESPACE = "hauberk"


def mesh_option(*names: str) -> Callable[[F], F]:
    """The namespace of the control plane, under these names; checked."""
    return click.option(
        *names,
        metavar="NAME",
        default=DEFAULT_NAMESPACE,
        show_default=True,
        envvar="HAUBERK_MESH_NAMESPACE",
        callback=label,
        help="The namespace of the control plane.",
    )


def options(function: F) -> F:
    """Which cluster, and as whom; `converse` takes them."""
    text = "In the name of this group, too."
    function = click.option("--as-group", "as_groups", metavar="NAME", multiple=True, help=text)(function)
    for flags, metavar, text in (
        (("--as", "as_user"), "NAME", "In the name of somebody else."),
        (("--context",), "NAME", "The context of the kubeconfig [default: its current one]."),
        (("--kubeconfig",), "FILE", "[default: KUBECONFIG, else ~/.kube/config]"),
    ):
        function = click.option(*flags, metavar=metavar, help=text)(function)
    return function


def converse(asked: Mapping[str, Any], work: Callable[[Client], Awaitable[T]], *, otherwise: str = "") -> T:
    """Find the cluster that the options mean, do the work and hang up. Raises ApiError.

    `otherwise`: what else the person can do where there is no cluster to ask.
    """
    import asyncio

    from hauberk.client.api import Client
    from hauberk.client.errors import Misconfigured, Unreachable
    from hauberk.client.kubeconfig import Choice, locate_cluster

    choice = Choice(
        kubeconfig=asked["kubeconfig"],
        context=asked["context"],
        as_user=asked["as_user"],
        as_groups=tuple(asked["as_groups"]),
    )

    async def conversation() -> T:
        async with Client(locate_cluster(choice).endpoint) as client:
            return await work(client)

    try:
        return asyncio.run(conversation())
    except Misconfigured as error:
        raise CommandFailed(error.message, hint=otherwise or None) from None
    except Unreachable as error:
        message = str(error).removesuffix(f": {error.hint}")
        raise CommandFailed(message, hint="; ".join(filter(None, (error.hint, otherwise)))) from None


def label(context: click.Context, parameter: click.Parameter, text: str) -> str:
    """The callback of options that name a namespace."""
    from hauberk.config import values

    try:
        return values.label(text)
    except ValueError as error:
        raise click.BadParameter(f"{text!r} must be {error}", context, parameter) from None
