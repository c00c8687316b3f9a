"""The one client of a Kubernetes-style API: `hauberk up` on this machine, or Kubernetes itself.

Objects go in and come out as dictionaries of Kubernetes' JSON; `hauberk.model` turns them into resources. Every method
raises the errors of `hauberk.client.errors` and no others.
"""

import os
import random
from collections.abc import AsyncGenerator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self
from urllib.parse import quote

from hauberk.client import paths
from hauberk.client.endpoint import Endpoint, socket_candidates
from hauberk.client.errors import AlreadyExists, Conflict, Garbled, NotFound
from hauberk.client.kinds import ApiKind
from hauberk.client.locate import locate
from hauberk.client.paging import all_pages
from hauberk.client.threeway import last_applied_of, merge_patch_for, with_last_applied
from hauberk.client.transport import APPLY_PATCH, JSON, MERGE_PATCH, Answer, Batch, Transport
from hauberk.client.watching import Listed, WatchEvent, forever
from hauberk.runtime.backoff import Backoff

TABLE = "application/json;as=Table;g=meta.k8s.io;v=v1"

Propagation = Literal["Foreground", "Background", "Orphan"]

_APPLY_ATTEMPTS = 5


@dataclass(frozen=True)
class Selector:
    """Which objects of a collection are wanted, in the words of the API's query string."""

    labels: str = ""
    fields: str = ""

    def query(self) -> dict[str, str]:
        return {k: v for k, v in (("labelSelector", self.labels), ("fieldSelector", self.fields)) if v}


ALL = Selector()


@dataclass(frozen=True)
class Applied:
    """What `apply` did."""

    item: dict[str, Any]
    outcome: Literal["created", "configured", "unchanged"]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Page:
    items: list[dict[str, Any]]
    resource_version: str
    following: str


class Client:
    """A connection to one API. Use as an async context manager."""

    def __init__(self, endpoint: Endpoint, *, timeout_s: float = 30.0) -> None:
        """`timeout_s` bounds each request but not a watch."""
        self._transport = Transport(endpoint, timeout_s=timeout_s)

    @classmethod
    async def local(cls, *, environ: Mapping[str, str] = os.environ, socket: str | None = None) -> Self:
        """Return a client of this machine's control plane; raises Unreachable, with the places it looked at."""
        return cls(await locate(socket_candidates(environ, explicit=socket)))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self._transport.close()

    @property
    def endpoint(self) -> Endpoint:
        return self._transport.endpoint

    async def version(self) -> dict[str, Any]:
        """Return the server's `/version`."""
        return (await self._transport.request("GET", "/version")).body

    async def get(
        self, kind: ApiKind, name: str, *, namespace: str | None = None, subresource: str | None = None
    ) -> dict[str, Any]:
        path = paths.item(kind, name, namespace=namespace, subresource=subresource)
        return (await self._transport.request("GET", path)).body

    async def list(self, kind: ApiKind, *, namespace: str | None = None, selector: Selector = ALL) -> Listed:
        """Return all objects of a kind, of one namespace or (None) of all, read page by page."""
        path = paths.collection(kind, namespace=namespace)

        async def ask(query: Mapping[str, str]) -> _Page:
            body = (await self._transport.request("GET", path, query=query)).body
            found, metadata = body.get("items") or [], body.get("metadata") or {}
            if not isinstance(found, list) or not isinstance(metadata, dict):
                raise Garbled(f"{path} is not a list")
            # As in Kubernetes, the objects of a list do not repeat what the list says of all of them.
            items = [{"apiVersion": body.get("apiVersion"), "kind": kind.kind, **entry} for entry in found]
            return _Page(items, str(metadata.get("resourceVersion", "")), str(metadata.get("continue") or ""))

        pages = await all_pages(ask, selector.query(), lambda page: page.following)
        return Listed(tuple(item for page in pages for item in page.items), pages[-1].resource_version)

    async def table(
        self, kind: ApiKind, *, namespace: str | None = None, name: str | None = None, selector: Selector = ALL
    ) -> dict[str, Any]:
        """Return objects as a `Table` (meta/v1), with the server's columns."""
        path = paths.item(kind, name, namespace=namespace) if name else paths.collection(kind, namespace=namespace)
        return (await self._transport.request("GET", path, query=selector.query(), accept=f"{TABLE},{JSON}")).body

    async def watch(
        self,
        kind: ApiKind,
        *,
        namespace: str | None = None,
        selector: Selector = ALL,
        rng: random.Random | None = None,
    ) -> AsyncGenerator[WatchEvent, None]:
        """Yield everything and then every change, for ever; see `hauberk.client.watching`."""

        def pauses() -> Iterator[float]:
            return iter(Backoff(0.1, 10.0, 0.2, rng or random.Random()))  # noqa: S311 - jitter, not a secret

        async for event in forever(_Collection(self, kind, namespace, selector), pauses=pauses):
            yield event

    async def create(self, kind: ApiKind, manifest: Mapping[str, Any], *, dry_run: bool = False) -> Answer:
        """Create an object; raises AlreadyExists, or Invalid with the fields that are wrong.

        A question, such as a TokenReview, is created too; the answer is in `body`.
        """
        path = paths.collection(kind, namespace=namespace_of(manifest))
        return await self._transport.request("POST", path, query=_dry(dry_run), body=manifest)

    async def replace(self, kind: ApiKind, manifest: Mapping[str, Any], *, dry_run: bool = False) -> Answer:
        """Replace an object; raises Conflict when the manifest's resourceVersion is not the current one."""
        path = paths.item(kind, name_of(manifest), namespace=namespace_of(manifest))
        return await self._transport.request("PUT", path, query=_dry(dry_run), body=manifest)

    async def merge(
        self, kind: ApiKind, name: str, patch: Mapping[str, Any], *, namespace: str | None = None, dry_run: bool = False
    ) -> Answer:
        """Change an object by a merge patch (RFC 7396)."""
        path = paths.item(kind, name, namespace=namespace)
        return await self._transport.request("PATCH", path, query=_dry(dry_run), body=patch, content_type=MERGE_PATCH)

    async def apply(self, kind: ApiKind, manifest: Mapping[str, Any], *, dry_run: bool = False) -> Applied:
        """Create the object or make it what the manifest says; fields that were taken out of the manifest go."""
        name, namespace = name_of(manifest), namespace_of(manifest)
        wanted = with_last_applied(manifest)
        for attempt in range(_APPLY_ATTEMPTS):
            try:
                live = await self.get(kind, name, namespace=namespace)
            except NotFound:
                try:
                    answer = await self.create(kind, wanted, dry_run=dry_run)
                except AlreadyExists:
                    continue
                return Applied(answer.body, "created", answer.warnings)
            patch = merge_patch_for(last=last_applied_of(live), wanted=wanted, live=live)
            if not patch:
                return Applied(live, "unchanged")
            patch.setdefault("metadata", {})["resourceVersion"] = _version_of(live)
            try:
                answer = await self.merge(kind, name, patch, namespace=namespace, dry_run=dry_run)
            except Conflict:
                if attempt + 1 == _APPLY_ATTEMPTS:
                    raise
                continue
            same = _version_of(answer.body) == _version_of(live)
            return Applied(answer.body, "unchanged" if same and not dry_run else "configured", answer.warnings)
        raise Conflict(f"{kind.kind} {name} is created and deleted again by somebody else", code=409, reason="Conflict")

    async def apply_server_side(
        self,
        kind: ApiKind,
        manifest: Mapping[str, Any],
        *,
        field_manager: str,
        subresource: str | None = None,
        force: bool = True,
        dry_run: bool = False,
    ) -> Answer:
        """Make the fields that the manifest names what it says; those of this manager that it leaves out go.

        The server compares, so nothing need be read before. Without `force` it raises Conflict, with the names of the
        fields, where another manager says otherwise. Only Kubernetes can do it.
        """
        path = paths.item(kind, name_of(manifest), namespace=namespace_of(manifest), subresource=subresource)
        query = {"fieldManager": field_manager, "force": "true" if force else "false", **_dry(dry_run)}
        return await self._transport.request("PATCH", path, query=query, body=manifest, content_type=APPLY_PATCH)

    async def delete(
        self,
        kind: ApiKind,
        name: str,
        *,
        namespace: str | None = None,
        uid: str | None = None,
        resource_version: str | None = None,
        propagation: Propagation | None = None,
        dry_run: bool = False,
    ) -> None:
        """Delete an object; with `uid` or `resource_version`, only that very one, or that state of it.

        Raises Conflict if it is another by now. `propagation` says what becomes of the objects that it owns.
        """
        expected = {key: value for key, value in (("uid", uid), ("resourceVersion", resource_version)) if value}
        options: dict[str, Any] = {"preconditions": expected} if expected else {}
        if propagation is not None:
            options["propagationPolicy"] = propagation
        body = {"kind": "DeleteOptions", "apiVersion": "v1", **options} if options else None
        path = paths.item(kind, name, namespace=namespace)
        await self._transport.request("DELETE", path, query=_dry(dry_run), body=body)

    async def put_status(self, kind: ApiKind, document: Mapping[str, Any]) -> dict[str, Any]:
        """Replace the status of an object."""
        path = paths.item(kind, name_of(document), namespace=namespace_of(document), subresource="status")
        return (await self._transport.request("PUT", path, body=document)).body

    async def token(self, account: ApiKind, name: str, request: Mapping[str, Any], *, namespace: str) -> dict[str, Any]:
        """Ask for a token of a ServiceAccount (`TokenRequest` of authentication.k8s.io/v1)."""
        path = paths.item(account, name, namespace=namespace, subresource="token")
        return (await self._transport.request("POST", path, body=request)).body

    async def enroll(self, enrollment: Mapping[str, Any]) -> Answer:
        """Register a program of this machine as a workload (`Enrollment` of hauberk.dev/v1alpha1)."""
        namespace = quote(namespace_of(enrollment) or "default", safe="")
        path = f"/apis/hauberk.dev/v1alpha1/namespaces/{namespace}/enrollments"
        return await self._transport.request("POST", path, body=enrollment)

    def lines(
        self, kind: ApiKind, query: Mapping[str, str], *, namespace: str | None, silence_s: float
    ) -> AsyncGenerator[dict[str, Any], None]:
        """Stream the events of one watch request as they come; most callers want `watch`."""
        path = paths.collection(kind, namespace=namespace)
        return self._transport.lines(path, query={**query, "watch": "true"}, silence_s=silence_s)

    async def read(self, kind: ApiKind, query: Mapping[str, str], *, version: str | None = None) -> bytes:
        """Return one page of all objects of a kind as it came; most callers want `list`."""
        return await self._transport.read(paths.collection(kind, version=version), query=query)

    def batches(
        self, kind: ApiKind, query: Mapping[str, str], *, silence_s: float, version: str | None = None
    ) -> AsyncGenerator[Batch, None]:
        """Stream the lines of one watch request, as many at a time as have come; most callers want `watch`."""
        path = paths.collection(kind, version=version)
        return self._transport.batches(path, query={**query, "watch": "true"}, silence_s=silence_s)

    async def content(self, kind: ApiKind, name: str, *, namespace: str, subresource: str) -> bytes:
        """Return what is no object: the answer of a pod's port NAME:PORT through `proxy/PATH`."""
        return await self._transport.read(paths.item(kind, name, namespace=namespace, subresource=subresource))

    def follow(
        self, kind: ApiKind, name: str, query: Mapping[str, str], *, namespace: str, silence_s: float
    ) -> AsyncGenerator[Batch, None]:
        """Stream the lines of a pod's log as they come, until the container ends; `query` says which."""
        path = paths.item(kind, name, namespace=namespace, subresource="log")
        return self._transport.batches(path, query={**query, "follow": "true"}, silence_s=silence_s)


@dataclass(frozen=True)
class _Collection:
    """What `hauberk.client.watching` follows."""

    client: Client
    kind: ApiKind
    namespace: str | None
    selector: Selector

    async def list(self) -> Listed:
        return await self.client.list(self.kind, namespace=self.namespace, selector=self.selector)

    def lines(self, *, resource_version: str, timeout_s: int, silence_s: float) -> AsyncGenerator[dict[str, Any], None]:
        query = {
            **self.selector.query(),
            "resourceVersion": resource_version,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(timeout_s),
        }
        return self.client.lines(self.kind, query, namespace=self.namespace, silence_s=silence_s)


def name_of(manifest: Mapping[str, Any]) -> str:
    return str((manifest.get("metadata") or {}).get("name") or "")


def namespace_of(manifest: Mapping[str, Any]) -> str | None:
    return (manifest.get("metadata") or {}).get("namespace") or None


def _version_of(item: Mapping[str, Any]) -> str:
    return str((item.get("metadata") or {}).get("resourceVersion", ""))


def _dry(dry_run: bool) -> dict[str, str]:
    return {"dryRun": "All"} if dry_run else {}
