"""`hauberk run`: a program of this machine becomes a member of the mesh."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from hauberk.cli import failure, options

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hauberk.host.spec import Program

T = TypeVar("T")


@click.command(context_settings={"ignore_unknown_options": False, "allow_interspersed_args": False})
@click.option("--name", required=True, metavar="NAME", help="The workload's name; replicas share it.")
@click.option("--service-account", metavar="NAME", help="Who it is in the mesh [default: the workload's name].")
@options.namespace
@click.option(
    "--port",
    "ports",
    multiple=True,
    metavar="[SERVICE:]PORT",
    help="A port on which the program listens, and the one that clients use. May be repeated.",
)
@click.option("--label", "labels", multiple=True, metavar="K=V", callback=options.pairs, help="A label of the pod.")
@click.option(
    "--annotation",
    "annotations",
    multiple=True,
    metavar="K=V",
    callback=options.pairs,
    help="An annotation of the pod.",
)
@click.option("--env", multiple=True, metavar="K=V", callback=options.pairs, help="A variable for the program.")
@click.option("--workdir", metavar="DIR", help="Where the program starts [default: here].")
@click.option("--user", metavar="USER", help="As whom: a name, a uid or uid:gid [default: who called sudo].")
@click.option("--ready-http", metavar="[PORT]/PATH", help="Ready when a GET answers 200 to 399.")
@click.option("--ready-tcp", metavar="PORT", help="Ready when this port accepts [default: the first --port].")
@click.option("--no-ready-check", is_flag=True, help="Ready as soon as it is started.")
@click.option(
    "--skip-inbound-ports", metavar="LIST", default="", help="Ports that the proxy does not see, such as 25,80-90."
)
@click.option("--skip-outbound-ports", metavar="LIST", default="", help="Ports reached without the proxy.")
@click.option("--proxy-binary", metavar="PATH", help="Another implementation of the proxy.")
@click.argument("argv", nargs=-1, required=True, type=click.UNPROCESSED, metavar="PROGRAM [ARGS]...")
def command(argv: Sequence[str], user: str | None, **asked: Any) -> None:  # noqa: ANN401 - options by name
    """Run a program in the mesh, as root.

    The program gets a network namespace of its own, in which all its TCP passes a proxy; it is not changed, and runs as
    the user who called sudo. Its exit code is this command's; 125 means that it could not be set up.

    \b
    Examples:
      sudo hauberk run --name web --port 80:8080 --ready-http /health -- ./web
      sudo hauberk run --name job --service-account batch --env REGION=eu -- python3 job.py
      sudo hauberk run --name shell -- bash                      # try the mesh from inside
    """
    program = _program(argv, **asked)
    try:
        _enter(program, user)
    except Exception as error:
        told = failure.explain(error)
        if told is None:
            raise
        raise failure.CommandFailed(told.message, hint=told.hint, code=failure.RUN_FAILED) from None


def _enter(program: Program, asked_user: str | None) -> None:
    """Everything up to the exec, after which this process is the supervisor."""
    from hauberk.host import binary, enter, user, workload
    from hauberk.host.passwd import Passwd

    if os.geteuid() != 0:
        raise failure.CommandFailed(
            "programs enter the mesh as root: a network namespace and its rules have to be made",
            hint="sudo hauberk run …; the program itself runs as you",
        )
    supervisor = binary.find(os.environ)
    whom = user.choose(asked_user, os.environ, Passwd())
    from hauberk.cli.session import converse

    ready = converse(lambda client: enter.enter(client, program, whom, workloads=workload.workloads_dir(os.environ)))
    workload.become_supervisor(supervisor, ready)


def _program(argv: Sequence[str], **asked: Any) -> Program:  # noqa: ANN401 - options by name
    from hauberk.host import binary, ports
    from hauberk.host.spec import Program

    if asked["ready_http"] and asked["ready_tcp"]:
        raise click.UsageError("--ready-http and --ready-tcp exclude each other")
    path, port = None, asked["ready_tcp"]
    if asked["ready_http"]:
        port, slash, path = asked["ready_http"].partition("/")
        if not slash:
            raise click.UsageError(f"--ready-http {asked['ready_http']}: write /PATH or PORT/PATH")
        path = slash + path
    workdir = Path(asked["workdir"] or ".").resolve()
    if not workdir.is_dir():
        raise click.UsageError(f"--workdir {workdir} is no directory")
    foreign = asked["proxy_binary"]
    return Program(
        name=asked["name"],
        namespace=asked["namespace"] or options.DEFAULT_NAMESPACE,
        service_account=asked["service_account"] or asked["name"],
        argv=argv,
        ports=[_read("--port", text, ports.service_port) for text in asked["ports"]],
        labels=asked["labels"],
        annotations=asked["annotations"],
        env=asked["env"],
        workdir=workdir,
        ready_http_path=path,
        ready_port=_read("the port of the ready check", port, ports.port) if port else None,
        ready_check=not asked["no_ready_check"],
        proxy_binary=binary.named(foreign, by="--proxy-binary") if foreign else None,
        skip_inbound_ports=_read("--skip-inbound-ports", asked["skip_inbound_ports"], ports.port_list),
        skip_outbound_ports=_read("--skip-outbound-ports", asked["skip_outbound_ports"], ports.port_list),
    )


def _read(option: str, text: str, read: Callable[[str], T]) -> T:
    try:
        return read(text)
    except ValueError as error:
        raise click.UsageError(f"{option}: {error}") from None
