"""The resource API: Kubernetes' REST conventions over the store, on a Unix socket.

This file receives, asks who is calling, hands over to the file that knows, and answers. All refusals become `Status`
objects here.
"""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from hauberk.apiserver import discovery
from hauberk.apiserver.access import refusal
from hauberk.apiserver.answer import json_answer, refused
from hauberk.apiserver.options import is_watch
from hauberk.apiserver.peer import Caller, caller_of
from hauberk.apiserver.resources import Resources
from hauberk.apiserver.status import Refused, forbidden
from hauberk.apiserver.target import Target, locate, resolve
from hauberk.apiserver.workloads import ENROLLMENTS, Workloads
from hauberk.store.protocol import StoreCorrupt, StoreUnavailable

_log = logging.getLogger(__name__)

MAX_BODY_BYTES = 3 * 1024 * 1024
"""As in Kubernetes."""
_SHUTDOWN_S = 5.0

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Server:
    """Serves until `close`. The composition root gives it the parts, and the socket that `listen` made."""

    def __init__(self, resources: Resources, workloads: Workloads, *, owner_uid: int) -> None:
        self._resources = resources
        self._workloads = workloads
        self._owner_uid = owner_uid
        app = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[_errors])
        app.router.add_route("*", "/{path:.*}", self._handle)
        # A watch whose client has gone is cancelled, instead of finding out at its next event.
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=_SHUTDOWN_S, access_log=None)

    async def start(self, sock: socket.socket) -> None:
        """Begin to answer on a listening Unix socket."""
        await self._runner.setup()
        await web.SockSite(self._runner, sock).start()

    async def close(self) -> None:
        """End watches, let other requests finish (5 s) and close the socket."""
        self._resources.close()
        await self._runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        caller = caller_of(request.transport)
        if caller is None:
            raise forbidden("the caller is unknown: connect by the Unix socket of the control plane")
        segments = [unquote(part) for part in request.rel_url.raw_path.strip("/").split("/")]
        document = _document(segments)
        if document is not None:
            if request.method not in ("GET", "HEAD"):
                raise _method_not_allowed(request)
            return json_answer(document)
        if segments in (["healthz"], ["livez"], ["readyz"]):
            return web.Response(text="ok")
        location = locate(segments)
        if location is None:
            raise _no_such_path(request)
        if (location.group, location.version, location.plural) == ENROLLMENTS:
            return await self._workloads.enroll(request, location, caller)
        target = resolve(location)
        if target is None:
            raise _no_such_path(request)
        return await self._serve(request, target, caller)

    async def _serve(self, request: web.Request, target: Target, caller: Caller) -> web.StreamResponse:
        verb = _verb(request, target)
        why = refusal(caller.uid, owner_uid=self._owner_uid, target=target, verb=verb)
        if why is not None:
            raise forbidden(why, kind=target.kind.plural, group=target.kind.group, name=target.name or "")
        match (target.kind.kind, target.subresource, verb):
            case ("Pod", "status", "update" | "patch"):
                return await self._workloads.report(request, target, caller)
            case ("Pod", None, "delete"):
                return await self._workloads.release(request, target, caller)
            case ("ServiceAccount", "token", "create"):
                return await self._workloads.token(request, target, caller)
            case (_, "status", _) if not target.has_status:
                raise _no_such_path(request)
            case (_, None | "status", _):
                return await self._resources.serve(request, target, verb)
            case _:
                raise _no_such_path(request)


def _document(segments: list[str]) -> dict[str, Any] | None:
    match segments:
        case ["version"]:
            return discovery.version()
        case ["api"]:
            return discovery.core_versions()
        case ["apis"]:
            return discovery.group_list()
        case ["api", version]:
            return discovery.resource_list("", version)
        case ["apis", group]:
            return discovery.group(group)
        case ["apis", group, version]:
            return discovery.resource_list(group, version)
    return None


def _verb(request: web.Request, target: Target) -> str:
    """Name what is asked for, in the words of Kubernetes' authorization."""
    method = "GET" if request.method == "HEAD" else request.method
    match (method, target.name is not None):
        case ("GET", True):
            return "get"
        case ("GET", False):
            return "watch" if is_watch(request.query) else "list"
        case ("POST", False):
            return "create"
        case ("POST", True) if target.subresource is not None:
            return "create"
        case ("PUT", True):
            return "update"
        case ("PATCH", True):
            return "patch"
        case ("DELETE", True):
            return "delete"
        case ("DELETE", False) if target.namespace is not None:
            # As in Kubernetes, neither all namespaces nor a kind in all of them are deleted by one request.
            return "deletecollection"
    raise _method_not_allowed(request)


def _no_such_path(request: web.Request) -> Refused:
    path = request.rel_url.path[:256]
    return Refused(404, "NotFound", f"the server could not find the requested resource {path}: see /api and /apis")


def _method_not_allowed(request: web.Request) -> Refused:
    return Refused(405, "MethodNotAllowed", f"{request.method} is not allowed here")


@web.middleware
async def _errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except Refused as e:
        return refused(e)
    except web.HTTPRequestEntityTooLarge:
        return refused(
            Refused(413, "RequestEntityTooLarge", f"the body has more than {MAX_BODY_BYTES} bytes: apply fewer at once")
        )
    except StoreUnavailable as e:
        return refused(Refused(503, "ServiceUnavailable", str(e), retry_after_s=1))
    except StoreCorrupt as e:
        _log.error("%s", e)
        return refused(Refused(500, "InternalError", str(e)))
    except (web.HTTPException, asyncio.CancelledError, ConnectionError):
        raise
    except Exception:  # noqa: BLE001 - the last resort: one request fails, the server goes on
        _log.exception("%s %s failed", request.method, request.rel_url.path)
        return refused(Refused(500, "InternalError", "the control plane failed on this request: see its log"))
