"""Manifests from files, directories, the web and standard input: read, and checked before anything is sent."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hauberk.cli.failure import CommandFailed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hauberk.model.kinds import Kind
    from hauberk.model.resource import Resource

_SUFFIXES = (".yaml", ".yml", ".json")
_BYTES_MAX = 8 * 1024 * 1024
_SERVER_FIELDS = ("uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink")


@dataclass(frozen=True)
class Manifest:
    """One object that a person wrote."""

    kind: Kind
    raw: dict[str, Any]
    """What is sent: in the newest version of its kind, in a namespace, without what only a server sets."""
    resource: Resource

    @property
    def shown(self) -> str:
        """As kubectl names objects: `service/web`, `server.policy.linkerd.io/web`."""
        return shown(self.kind, self.resource.metadata.name)


def shown(kind: Kind, name: str) -> str:
    group = f".{kind.group}" if kind.group else ""
    return f"{kind.kind.lower()}{group}/{name}"


def read(paths: Sequence[str], *, namespace: str | None, recursive: bool) -> list[Manifest]:
    """The objects of all files, Namespaces first. Raises ManifestInvalid for the first that makes no sense.

    `namespace` is for objects that name none; one that names another is refused.
    """
    from hauberk.model.yaml import documents

    found: list[Manifest] = []
    for file, content in contents(paths, recursive=recursive):
        found += [_manifest(document.raw, document.source, namespace) for document in documents(content, file=file)]
    if not found:
        raise CommandFailed(f"no objects in {', '.join(paths)}", hint="a manifest has apiVersion, kind and metadata")
    return sorted(found, key=lambda manifest: manifest.kind.kind != "Namespace")


def _manifest(raw: Any, source: Any, namespace: str | None) -> Manifest:  # noqa: ANN401 - as YAML gives it
    from hauberk.model.kinds import kind_of
    from hauberk.model.parse import ManifestInvalid, Problem, parse_manifest

    resource = parse_manifest(raw, source=source, namespace=namespace or "default")
    kind, metadata = kind_of(resource), resource.metadata
    if kind.namespaced and namespace not in (None, metadata.namespace):
        problem = Problem("metadata.namespace", f"is {metadata.namespace!r}, and -n says {namespace!r}")
        raise ManifestInvalid(source, (problem,), subject=f"{kind.kind} {metadata.name}")
    kept = {key: value for key, value in raw["metadata"].items() if key not in _SERVER_FIELDS}
    if kind.namespaced:
        kept["namespace"] = metadata.namespace
    body = {key: value for key, value in raw.items() if key != "status"}
    return Manifest(kind, {**body, "apiVersion": kind.api_version, "metadata": kept}, resource)


def contents(paths: Sequence[str], *, recursive: bool) -> Iterator[tuple[str, bytes]]:
    """The name of each file, and what is in it."""
    for path in paths:
        if path == "-":
            yield "standard input", sys.stdin.buffer.read(_BYTES_MAX + 1)
            continue
        if "://" in path:
            yield _fetched(path)
            continue
        for file in _files(Path(path), recursive=recursive):
            with file.open("rb") as opened:
                yield str(file), opened.read(_BYTES_MAX + 1)


def _fetched(url: str) -> tuple[str, bytes]:
    """Raises CommandFailed."""
    import asyncio

    from hauberk.client.fetching import FetchFailed, fetch, is_address, shown

    if not is_address(url):
        raise CommandFailed(f"{shown(url)} cannot be fetched: it begins with neither https:// nor http://")
    try:
        return shown(url), asyncio.run(fetch(url, most=_BYTES_MAX + 1))
    except FetchFailed as failed:
        raise CommandFailed(str(failed), hint="fetch it by other means, and pipe it in: … | hauberk inject -") from None


def _files(path: Path, *, recursive: bool) -> list[Path]:
    if not path.is_dir():
        return [path]
    entries = path.rglob("*") if recursive else path.iterdir()
    found = sorted(entry for entry in entries if entry.suffix in _SUFFIXES and entry.is_file())
    if not found:
        raise CommandFailed(f"no manifests in {path}", hint=f"their names end in {', '.join(_SUFFIXES)}")
    return found
