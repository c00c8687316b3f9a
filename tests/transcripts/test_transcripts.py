"""Runs every script in this folder. `HAUBERK_REWRITE_TRANSCRIPTS=1` writes what was seen; commit only a difference that
you can explain.

A script is a row of blocks, parted by an empty line: a command with its text, `----`, what it prints.
"""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import resources
from world import World

from hauberk.destination.choose import Place

HERE = Path(__file__).parent
SCRIPTS = sorted(HERE.glob("*.txt"))


@pytest.mark.parametrize("script", SCRIPTS, ids=[script.stem for script in SCRIPTS])
def test_a_transcript_is_what_the_servers_say(script: Path) -> None:
    world = World()
    seen = "\n\n".join(_replayed(world, block) for block in script.read_text().strip().split("\n\n")) + "\n"
    if os.environ.get("HAUBERK_REWRITE_TRANSCRIPTS"):
        script.write_text(seen)
    assert seen == script.read_text()


def _replayed(world: World, block: str) -> str:
    asked = block.partition("\n----")[0]
    lines = asked.splitlines()
    if all(line.startswith("#") for line in lines):
        return asked
    command = next(line for line in lines if not line.startswith("#"))
    text = "\n".join(lines[lines.index(command) + 1 :])
    verb, *arguments = command.split()
    return f"{asked}\n----\n{_VERBS[verb](world, arguments, text)}"


def _pod(world: World, arguments: list[str], _text: str) -> str:
    """`pod NS/NAME IP SA [KEY=VALUE…]`; a key with a slash that is not a label's is an annotation."""
    where, ip, account, *rest = arguments
    namespace, name = where.split("/")
    flags = dict(argument.split("=", 1) for argument in rest)
    unmeshed = flags.pop("meshed", "yes") == "no"
    ports = {name: int(number) for name, number in _split_by(flags, "port:").items()}
    annotations = _split_by(flags, "@")
    return world.put(
        resources.pod(
            name,
            ip,
            namespace=namespace,
            service_account=account,
            meshed=not unmeshed,
            labels=flags,
            annotations=annotations,
            ports=ports,
        )
    )


def _service(world: World, arguments: list[str], _text: str) -> str:
    """`service NS/NAME IP NAME:PORT,… [@KEY=VALUE…] [appProtocol=WORD]`."""
    where, ip, ports, *rest = arguments
    namespace, name = where.split("/")
    flags = dict(argument.split("=", 1) for argument in rest)
    return world.put(
        resources.service(
            name,
            ip,
            _ports(ports),
            namespace=namespace,
            annotations=_split_by(flags, "@"),
            app_protocol=flags.get("appProtocol"),
        )
    )


def _slice(world: World, arguments: list[str], _text: str) -> str:
    """`slice NS/SERVICE NAME:PORT,… [POD=IP…]`."""
    where, ports, *pods = arguments
    namespace, name = where.split("/")
    ready = "notready" not in pods
    listed = dict(pod.split("=") for pod in pods if pod != "notready")
    return world.put(resources.endpoint_slice(name, _ports(ports), listed, namespace=namespace, ready=ready))


def _delete(world: World, arguments: list[str], _text: str) -> str:
    kind, where = arguments
    namespace, _, name = where.rpartition("/")
    return world.delete(kind, namespace, name)


def _ports(text: str) -> dict[str, int]:
    return {name: int(number) for name, number in (port.split(":") for port in text.split(","))}


def _split_by(flags: dict[str, str], prefix: str) -> dict[str, str]:
    return {key.removeprefix(prefix): flags.pop(key) for key in list(flags) if key.startswith(prefix)}


_VERBS: dict[str, Callable[[World, list[str], str], str]] = {
    "pod": _pod,
    "service": _service,
    "slice": _slice,
    "delete": _delete,
    "put": lambda world, _, text: world.put_yaml(text),
    "endpoints": lambda world, arguments, _: world.endpoints(arguments[0], Place(*arguments[1:])),
    "watch": lambda world, arguments, _: world.watch(arguments[0], Place(*arguments[1:])),
    "profile": lambda world, arguments, _: world.profile(*arguments),
    "inbound": lambda world, arguments, _: world.inbound(arguments[0], arguments[1], int(arguments[2])),
    "outbound": lambda world, arguments, _: world.outbound(*arguments),
}
