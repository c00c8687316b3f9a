"""Resources as documents: plain, as a list, or as the `Table` (meta/v1) that kubectl and `hauberk get` print. Pure."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from hauberk.apiserver.paging import Page
from hauberk.apiserver.target import Target
from hauberk.model.kinds import Resource
from hauberk.model.parse import to_dict


class Rendering:
    """How one request wants its answer, by its Accept header."""

    def __init__(self, target: Target, accept: str, *, now: Callable[[], datetime]) -> None:
        """`now` dates the ages that a table shows."""
        self._target = target
        self._as_table = wants_table(accept)
        self._now = now

    def one(self, resource: Resource, *, revision: int | None = None) -> dict[str, Any]:
        """Render one object; `revision` replaces its resource version, as a deletion does."""
        document = document_of(resource, self._target)
        if revision is not None:
            document["metadata"] = {**document["metadata"], "resourceVersion": str(revision)}
        if self._as_table:
            return self._table([(resource, document)], document["metadata"].get("resourceVersion", ""), {})
        return document

    def page(self, page: Page) -> dict[str, Any]:
        """Render a page of a list."""
        more: dict[str, Any] = {}
        if page.next is not None:
            more["continue"] = page.next.encode()
            if page.remaining:
                more["remainingItemCount"] = page.remaining
        documents = [(resource, document_of(resource, self._target)) for resource in page.items]
        if self._as_table:
            return self._table(documents, str(page.revision), more)
        return {
            "kind": f"{self._target.kind.kind}List",
            "apiVersion": self._target.api_version,
            "metadata": {"resourceVersion": str(page.revision), **more},
            "items": [document for _, document in documents],
        }

    def _table(
        self, documents: Sequence[tuple[Resource, dict[str, Any]]], version: str, more: dict[str, Any]
    ) -> dict[str, Any]:
        now = self._now()
        columns = self._target.kind.columns
        return {
            "kind": "Table",
            "apiVersion": "meta.k8s.io/v1",
            "metadata": {"resourceVersion": version, **more},
            "columnDefinitions": [
                {
                    "name": column.name,
                    "type": column.type,
                    "format": "name" if column.name == "Name" else "",
                    "description": column.description,
                    "priority": column.priority,
                }
                for column in columns
            ],
            "rows": [
                {
                    "cells": [column.cell(resource, now) for column in columns],
                    "object": {
                        "kind": "PartialObjectMetadata",
                        "apiVersion": "meta.k8s.io/v1",
                        "metadata": document["metadata"],
                    },
                }
                for resource, document in documents
            ],
        }


def document_of(resource: Resource, target: Target) -> dict[str, Any]:
    """Return Kubernetes' JSON of a resource, in the version that the request names."""
    return {**to_dict(resource), "apiVersion": target.api_version, "kind": target.kind.kind}


def wants_table(accept: str) -> bool:
    """Whether the first media type of an Accept header that is served is a `Table`; quality values are not weighed."""
    for media_type in accept.split(","):
        name, *parameters = (part.strip() for part in media_type.split(";"))
        if name != "application/json":
            continue
        wanted = dict(parameter.split("=", 1) for parameter in parameters if "=" in parameter)
        if wanted.get("as") == "Table":
            return wanted.get("g") == "meta.k8s.io" and wanted.get("v") == "v1"
        return False
    return False
