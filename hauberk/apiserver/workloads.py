"""The calls of runners: enrollments, reports, tokens, farewells. Translation only; enrollment decides."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec
from aiohttp import web

from hauberk.apiserver.answer import json_answer
from hauberk.apiserver.body import JSON, MERGE_PATCH, read_json, read_object
from hauberk.apiserver.options import delete_options, is_dry_run
from hauberk.apiserver.peer import Caller
from hauberk.apiserver.rendering import document_of
from hauberk.apiserver.status import Cause, Refused, bad_request, conflict, forbidden, invalid, status
from hauberk.apiserver.target import Location, Target
from hauberk.enrollment.answer import Refusal, to_document
from hauberk.enrollment.registrar import Registrar
from hauberk.enrollment.report import ReportInvalid, parse_report
from hauberk.enrollment.request import EnrollmentInvalid, parse_enrollment

ENROLLMENTS = ("hauberk.dev", "v1alpha1", "enrollments")
_MIN_TOKEN_S = 60


class Workloads:
    """Answers runners. None of these calls can be made without effect, so a dry run is refused."""

    def __init__(self, registrar: Registrar) -> None:
        self._registrar = registrar

    async def enroll(self, request: web.Request, location: Location, caller: Caller) -> web.Response:
        if request.method != "POST" or location.name is not None or location.namespace is None:
            raise Refused(405, "MethodNotAllowed", "enrollments are made by POST to a namespace, and not kept")
        _refuse_dry_run(request)
        raw = await read_object(request)
        try:
            spec = parse_enrollment(raw, namespace=location.namespace)
        except EnrollmentInvalid as e:
            raise invalid("Enrollment", "", [Cause(e.field, e.reason)], group="hauberk.dev") from None
        answer = await self._registrar.enroll(location.namespace, spec, uid=caller.uid)
        if isinstance(answer, Refusal):
            raise _refused(answer, "Enrollment", spec.name)
        return json_answer(to_document(location.namespace, spec, answer), code=201)

    async def report(self, request: web.Request, target: Target, caller: Caller) -> web.Response:
        _refuse_dry_run(request)
        namespace, name = _named(target)
        raw = await read_object(request, accepted=(JSON, MERGE_PATCH))
        try:
            report = parse_report(raw, namespace=namespace, name=name)
        except ReportInvalid as e:
            raise invalid("Pod", name, [Cause(e.field, e.reason)]) from None
        answer = await self._registrar.report(namespace, name, report, uid=caller.uid)
        if isinstance(answer, Refusal):
            raise _refused(answer, "pods", name)
        return json_answer(document_of(answer, target))

    async def release(self, request: web.Request, target: Target, caller: Caller) -> web.Response:
        _refuse_dry_run(request)
        namespace, name = _named(target)
        options = delete_options(await read_json(request), request.query)
        if options.dry_run or options.resource_version:
            raise bad_request("a Pod is deleted for good, and by its uid only: leave out dryRun and resourceVersion")
        answer = await self._registrar.release(namespace, name, uid=caller.uid, pod_uid=options.uid)
        if isinstance(answer, Refusal):
            raise _refused(answer, "pods", name)
        return json_answer(status("Success", details={"name": name, "kind": "pods", "uid": answer.metadata.uid}))

    async def token(self, request: web.Request, target: Target, caller: Caller) -> web.Response:
        """Answer a `TokenRequest` (authentication.k8s.io/v1)."""
        _refuse_dry_run(request)
        namespace, account = _named(target)
        raw = await read_object(request)
        spec = _parse_token_request(raw)
        seconds = spec.expiration_seconds
        answer = await self._registrar.token(
            namespace,
            account,
            pod_name=spec.bound_object_ref.name,
            pod_uid=spec.bound_object_ref.uid,
            ttl=None if seconds is None else timedelta(seconds=seconds),
            uid=caller.uid,
        )
        if isinstance(answer, Refusal):
            raise _refused(answer, "serviceaccounts", account)
        token, expires = answer
        return json_answer(
            {
                "apiVersion": "authentication.k8s.io/v1",
                "kind": "TokenRequest",
                "metadata": {"name": account, "namespace": namespace},
                "spec": raw["spec"],
                "status": {"token": token, "expirationTimestamp": expires},
            },
            code=201,
        )


class _BoundObject(msgspec.Struct, frozen=True, rename="camel"):
    kind: str
    name: str
    uid: str = ""


class _TokenSpec(msgspec.Struct, frozen=True, rename="camel"):
    bound_object_ref: _BoundObject
    expiration_seconds: int | None = None
    audiences: tuple[str, ...] = ()


def _parse_token_request(raw: Mapping[str, Any]) -> _TokenSpec:
    try:
        spec = msgspec.convert(raw.get("spec"), _TokenSpec)
    except msgspec.ValidationError as e:
        raise invalid("TokenRequest", "", [Cause("spec", str(e))], group="authentication.k8s.io") from None
    if spec.bound_object_ref.kind != "Pod":
        cause = Cause("spec.boundObjectRef.kind", "tokens are bound to a Pod")
        raise invalid("TokenRequest", "", [cause], group="authentication.k8s.io")
    if spec.expiration_seconds is not None and spec.expiration_seconds < _MIN_TOKEN_S:
        cause = Cause("spec.expirationSeconds", f"must be at least {_MIN_TOKEN_S}")
        raise invalid("TokenRequest", "", [cause], group="authentication.k8s.io")
    return spec


def _refuse_dry_run(request: web.Request) -> None:
    if is_dry_run(request.query):
        raise bad_request("a dry run is not supported here: this call is a runner's")


def _named(target: Target) -> tuple[str, str]:
    if target.namespace is None or target.name is None:
        raise bad_request("name one object of one namespace")
    return target.namespace, target.name


def _refused(refusal: Refusal, kind: str, name: str) -> Refused:
    match refusal.kind:
        case "Forbidden":
            return forbidden(str(refusal), kind=kind, name=name)
        case "NotFound":
            return Refused(404, "NotFound", str(refusal), kind=kind, name=name)
        case "Invalid":
            return invalid(kind, name, [Cause(refusal.field, str(refusal))])
        case "Conflict":
            return conflict(kind, name, str(refusal))
        case "Exhausted":
            return Refused(507, "InsufficientStorage", str(refusal), kind=kind, name=name)
