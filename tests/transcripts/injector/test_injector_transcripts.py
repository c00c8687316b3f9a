"""Runs every script in this folder: pods, and what becomes of them. `HAUBERK_REWRITE_TRANSCRIPTS=1` writes what was
seen; commit only a difference that you can explain.

A script is a row of blocks, parted by an empty line: a command with its text, `----`, what it prints.
"""

import os
from collections.abc import Callable
from difflib import unified_diff
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from hauberk.apiserver.patch import json_patch, merge_patch
from hauberk.config.chart import Image, Proxy, Values
from hauberk.injector.installation import installed
from hauberk.injector.outcome import Injected, Outcome, Refused, Skipped
from hauberk.injector.patch import note, patch
from hauberk.injector.subject import Owner, Place

HERE = Path(__file__).parent
SCRIPTS = sorted(HERE.glob("*.txt"))
VALUES = Values(proxy=Proxy(image=Image(name="hauberk/proxy", version="v1")))
"""Not this release's version, which changes."""


class World:
    """An installation, a namespace, and the pod that was looked at last."""

    def __init__(self) -> None:
        self.values = VALUES
        self.place = Place("shop", {"linkerd.io/inject": "enabled"})
        self.pod: dict[str, Any] = {}

    def outcome(self, changed: dict[str, Any]) -> Outcome:
        installation = installed(self.values, namespace="hauberk", trust_anchors="ROOTS", created_by="hauberk")
        return patch(changed, self.place, Owner("Deployment", "web"), installation)


@pytest.mark.parametrize("script", SCRIPTS, ids=[script.stem for script in SCRIPTS])
def test_a_transcript_is_what_becomes_of_pods(script: Path) -> None:
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


def _values(world: World, _: list[str], text: str) -> str:
    """`values` and YAML: over those above."""
    world.values = msgspec.convert(merge_patch(msgspec.to_builtins(VALUES), yaml.safe_load(text) or {}), Values)
    return "ok"


def _namespace(world: World, arguments: list[str], _: str) -> str:
    """`namespace NAME KEY=VALUE…`: its annotations."""
    name, *pairs = arguments
    world.place = Place(name, _pairs(pairs))
    return "ok"


def _pod(world: World, _: list[str], text: str) -> str:
    """`pod` and YAML: what the API server makes of it."""
    world.pod = yaml.safe_load(text)
    return _shown(world, world.pod)


def _with(world: World, arguments: list[str], text: str) -> str:
    """`with KEY=VALUE…` and YAML of a changed spec: how what is made differs from what is made without them."""
    annotations = {**(world.pod["metadata"].get("annotations") or {}), **_pairs(arguments)}
    changed = {**world.pod, "metadata": {**world.pod["metadata"], "annotations": annotations}}
    if text:
        changed["spec"] = {**world.pod["spec"], **yaml.safe_load(text)}
    plain, now = (_shown(world, document).splitlines() for document in (world.pod, changed))
    if not _is_yaml(now):
        return "\n".join(now)
    return "\n".join(line for line in unified_diff(plain, now, n=1, lineterm="") if not line.startswith(("---", "+++")))


def _service(world: World, _: list[str], text: str) -> str:
    document = yaml.safe_load(text)
    return _yaml(json_patch(document, note(document, world.place)))


def _shown(world: World, document: dict[str, Any]) -> str:
    match world.outcome(document):
        case Injected(operations=operations, warnings=warnings):
            told = [f"warning: {warning}" for warning in warnings]
            return "\n".join([*told, _yaml(json_patch(document, list(operations)))])
        case Skipped(reason=reason, operations=operations, annotation_at=at):
            noted = [f"{operation['path']}: {operation['value']}" for operation in operations]
            return "\n".join([f"skipped: {reason.value}{f' (at {at})' if at else ''}", *noted])
        case Refused(reasons=reasons):
            return "\n".join(f"refused: {reason}" for reason in reasons)


def _is_yaml(lines: list[str]) -> bool:
    return not lines[0].startswith(("skipped", "refused"))


def _yaml(value: dict[str, Any]) -> str:
    """Metadata with a line for each entry; containers last, so that one that moves moves little."""
    metadata = yaml.safe_dump({"metadata": value["metadata"]}, sort_keys=False, width=200, default_flow_style=False)
    moved = ("initContainers", "containers")
    spec = {key: entry for key, entry in value["spec"].items() if key not in moved}
    spec |= {key: value["spec"][key] for key in moved if key in value["spec"]}
    rest = yaml.safe_dump({"spec": spec}, sort_keys=False, width=110, default_flow_style=None)
    return f"{metadata}{rest}".rstrip("\n")


def _pairs(words: list[str]) -> dict[str, str]:
    """A key without a slash is one of config.linkerd.io."""
    pairs = (word.split("=", 1) for word in words)
    return {key if "/" in key else f"config.linkerd.io/{key}": value for key, value in pairs}


_VERBS: dict[str, Callable[[World, list[str], str], str]] = {
    "values": _values,
    "namespace": _namespace,
    "pod": _pod,
    "with": _with,
    "service": _service,
}
