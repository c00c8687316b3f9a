"""What `install`, `upgrade`, `prune` and `uninstall` have in common: values from the command line, objects to print."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from hauberk.cli import failure, manifests, output

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from hauberk.config.chart import Values
    from hauberk.install.judging import Finding
    from hauberk.install.layering import Asked
    from hauberk.install.setting import Assignment

F = TypeVar("F", bound="Callable[..., Any]")

_TEXT_MAX = 1024 * 1024
"""Characters of a file; a ConfigMap takes no more."""


def value_options(function: F) -> F:
    """How a person says values; `asked_of` reads them."""
    for flags, metavar, text in (
        (("--set-file", "set_file"), "NAME=FILE", "A text from a file."),
        (("--set-string", "set_string"), "NAME=TEXT,...", "Values that are texts."),
        (("--set", "set_"), "NAME=VALUE,...", "Values, in Helm's words."),
        (("-f", "--values", "files"), "FILE|-", "A file of values, as Helm's."),
    ):
        function = click.option(*flags, multiple=True, metavar=metavar, help=text)(function)
    text = "Three replicas of everything, on different nodes."
    return click.option("--ha", "high_availability", is_flag=True, help=text)(function)


def asked_of(options: Mapping[str, Any], *, before: Mapping[str, Any] | None = None) -> Asked:
    """Raises CommandFailed. `before`: what was chosen earlier, which holds where nothing else is said."""
    from hauberk.install.layering import Asked

    earlier = [] if before is None else [before]
    return Asked(
        high_availability=options["high_availability"] or bool(earlier and earlier[0].get("highAvailability")),
        documents=[*earlier, *documents(options["files"])],
        assignments=_assignments(options),
    )


def documents(files: Sequence[str]) -> list[Mapping[str, Any]]:
    """Of files of values. Raises ManifestInvalid."""
    from hauberk.model.yaml import whole

    read = manifests.contents(files, recursive=False)
    return [document.raw for file, content in read for document in whole(content, file=file)]


def values_of(asked: Asked) -> Values:
    """Raises CommandFailed."""
    from hauberk.install.layering import layered
    from hauberk.install.shape import ValuesInvalid

    try:
        return layered(asked)
    except ValuesInvalid as error:
        raise failure.CommandFailed(str(error), hint=error.hint or None, code=failure.USAGE) from None


def objects(values: Values, namespace: str) -> list[dict[str, Any]]:
    """What is installed, in the order in which it is applied."""
    from hauberk.install.files import templates
    from hauberk.install.objects import in_order
    from hauberk.install.rendering import Installation, render

    return in_order(render(templates(), Installation(namespace=namespace, values=values)))


def refuse(findings: Iterable[Finding]) -> None:
    """Tells all; raises SystemExit if one of them is in the way."""
    refused = False
    for finding in findings:
        if finding.refuses:
            failure.tell(failure.Told(finding.message, finding.hint))
            refused = True
        else:
            failure.warn(finding.message, finding.hint)
    if refused:
        raise SystemExit(failure.FAILED)


def show(documents: Sequence[Mapping[str, Any]], form: str) -> None:
    """For `kubectl apply -f -` or `kubectl delete -f -`."""
    if form == "json":
        click.echo(output.document({"apiVersion": "v1", "kind": "List", "items": list(documents)}, form))
        return
    for document in documents:
        click.echo("---\n" + output.document(document, form))


def _assignments(options: Mapping[str, Any]) -> list[Assignment]:
    from hauberk.install.setting import SetInvalid, assignments

    try:
        plain = [found for text in options["set_"] for found in assignments(text)]
        texts = [found for text in options["set_string"] for found in assignments(text, is_plain=False)]
        files = [_of_file(text) for text in options["set_file"]]
    except SetInvalid as error:
        raise failure.CommandFailed(str(error), code=failure.USAGE) from None
    return [*plain, *texts, *files]


def _of_file(text: str) -> Assignment:
    """Raises SetInvalid."""
    from dataclasses import replace

    from hauberk.install.setting import assignment_of_file

    place, file = assignment_of_file(text)
    with Path(file).open(encoding="utf-8") as opened:
        return replace(place, value=opened.read(_TEXT_MAX))
