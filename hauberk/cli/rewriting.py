"""Files of manifests, through a change, to standard output; what became of each object to standard error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from hauberk.cli import failure, manifests, output

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hauberk.injector.manifest import Report


def rewrite(
    paths: Sequence[str],
    change: Callable[[Mapping[str, Any]], tuple[Mapping[str, Any], list[Report]]],
    *,
    recursive: bool,
    form: str | None,
) -> None:
    """Write all objects, or none where one is refused. `form`: yaml or json; None is that of the files.

    Raises ManifestInvalid and CommandFailed.
    """
    from hauberk.model.yaml import whole

    changed, reports, is_json = [], [], True
    for file, content in manifests.contents(paths, recursive=recursive):
        is_json = is_json and content.lstrip()[:1] == b"{"
        for document in whole(content, file=file):
            made, told = change(document.raw)
            changed.append(made)
            reports += told
    if not changed:
        raise failure.CommandFailed(f"no objects in {', '.join(paths)}", hint="a manifest has apiVersion and kind")
    for report in reports:
        _tell(report)
    if any(report.verb == "refused" for report in reports):
        raise SystemExit(failure.FAILED)
    click.echo(_written(changed, form or ("json" if is_json else "yaml")))


def _tell(report: Report) -> None:
    if report.verb == "refused":
        failure.tell(failure.Told(f"{report.name}: {report.reason}"))
        return
    click.echo(f"{report.name} {report.verb}{f': {report.reason}' if report.reason else ''}", err=True)
    for warning in report.warnings:
        failure.warn(f"{report.name}: {warning}")


def _written(documents: Sequence[Mapping[str, Any]], form: str) -> str:
    if form == "yaml":
        return "\n---\n".join(output.document(document, form) for document in documents)
    one = documents[0] if len(documents) == 1 else {"apiVersion": "v1", "kind": "List", "items": list(documents)}
    return output.document(one, form)
