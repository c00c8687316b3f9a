"""Resources over HTTP: reads the request, calls `Reader`, `Writer` or `Watchers`, and renders the answer."""

import dataclasses

from aiohttp import web

from hauberk.apiserver.answer import json_answer
from hauberk.apiserver.body import JSON, JSON_PATCH, MERGE_PATCH, read_json, read_object
from hauberk.apiserver.options import delete_options, is_dry_run, list_options
from hauberk.apiserver.reading import Reader
from hauberk.apiserver.rendering import Rendering
from hauberk.apiserver.status import Refused, bad_request, status
from hauberk.apiserver.target import Target
from hauberk.apiserver.watching import Watchers
from hauberk.apiserver.writing import Writer, Written
from hauberk.runtime.clock import Clock


class Resources:
    """Answers whoever reads and writes resources."""

    def __init__(self, reader: Reader, writer: Writer, watchers: Watchers, *, clock: Clock) -> None:
        self._reader = reader
        self._writer = writer
        self._watchers = watchers
        self._clock = clock

    def close(self) -> None:
        """End all watches."""
        self._watchers.close()

    async def serve(self, request: web.Request, target: Target, verb: str) -> web.StreamResponse:
        """Answer a request whose caller may make it. Raises Refused."""
        rendering = Rendering(target, request.headers.get("Accept", ""), now=self._clock.now)
        match verb:
            case "get":
                return json_answer(rendering.one(await self._reader.get(target)))
            case "list":
                page = await self._reader.list(target, list_options(request.query))
                return json_answer(rendering.page(page))
            case "watch":
                return await self._watchers.serve(request, target, list_options(request.query), rendering)
            case "delete":
                return await self._delete(request, target)
            case "deletecollection":
                return await self._delete_collection(request, target)
        return await self._write(request, target, verb, rendering)

    async def _write(self, request: web.Request, target: Target, verb: str, rendering: Rendering) -> web.StreamResponse:
        dry_run = is_dry_run(request.query)
        written: Written
        match verb:
            case "create":
                if target.subresource is not None:
                    raise Refused(405, "MethodNotAllowed", "a status is replaced (PUT) or patched, not created")
                written = await self._writer.create(target, await read_object(request), dry_run=dry_run)
                return json_answer(rendering.one(written.resource), code=201, warnings=written.warnings)
            case "update":
                written = await self._writer.replace(target, await read_object(request), dry_run=dry_run)
            case "patch":
                patch = await read_json(request, accepted=(MERGE_PATCH, JSON_PATCH))
                if request.content_type not in (MERGE_PATCH, JSON_PATCH):
                    raise bad_request(f"say which kind of patch it is: Content-Type {MERGE_PATCH} or {JSON_PATCH}")
                is_merge = request.content_type == MERGE_PATCH
                written = await self._writer.patch(target, patch, is_merge=is_merge, dry_run=dry_run)
            case _:
                raise Refused(405, "MethodNotAllowed", f"{verb} is not supported")
        return json_answer(rendering.one(written.resource), warnings=written.warnings)

    async def _delete(self, request: web.Request, target: Target) -> web.StreamResponse:
        if target.subresource is not None:
            raise Refused(405, "MethodNotAllowed", "a status cannot be deleted")
        options = delete_options(await read_json(request, accepted=(JSON,)), request.query)
        removed = await self._writer.delete(target, options)
        details = {
            "name": removed.metadata.name,
            "group": target.kind.group,
            "kind": target.kind.plural,
            "uid": removed.metadata.uid,
        }
        return json_answer(status("Success", details=details))

    async def _delete_collection(self, request: web.Request, target: Target) -> web.StreamResponse:
        options = delete_options(await read_json(request, accepted=(JSON,)), request.query)
        for resource in (await self._reader.list(target, list_options(request.query))).items:
            meta = resource.metadata
            this_one = dataclasses.replace(options, uid=options.uid or meta.uid)
            await self._writer.delete(target.of(meta.namespace, meta.name), this_one)
        return json_answer(status("Success", details={"group": target.kind.group, "kind": target.kind.plural}))
