"""Questions of the API server and what it is told (admission.k8s.io/v1)."""

import json
from base64 import b64decode
from typing import Any

import pytest

from hauberk.webhook.review import Allowed, Denied, Request, ReviewInvalid, decode, encode

REQUEST = {
    "uid": "705ab4f5",
    "kind": {"group": "", "version": "v1", "kind": "Pod"},
    "resource": {"group": "", "version": "v1", "resource": "pods"},
    "namespace": "shop",
    "operation": "CREATE",
    "userInfo": {"username": "admin"},
    "object": {"metadata": {"name": "web"}},
    "oldObject": None,
    "dryRun": True,
}


def body(**changes: Any) -> bytes:
    review = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": REQUEST, **changes}
    return json.dumps(review).encode()


@pytest.fixture
def request_() -> Request:
    return decode(body())


def test_what_matters_is_read(request_: Request) -> None:
    assert (request_.kind.kind, request_.namespace, request_.dry_run) == ("Pod", "shop", True)
    assert request_.document == {"metadata": {"name": "web"}}


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        b"{}",
        b"\xff",
        b"[" * 100_000,
        body(apiVersion="admission.k8s.io/v1beta1"),
        body(kind="Review"),
        body(request=None),
        body(request={**REQUEST, "uid": 1}),
        body(request={**REQUEST, "object": []}),
    ],
)
def test_anything_else_is_no_question(wrong: bytes) -> None:
    with pytest.raises(ReviewInvalid):
        decode(wrong)


def test_a_patch_is_told_in_base64(request_: Request) -> None:
    operations = [{"op": "add", "path": "/a", "value": "ü"}]
    answer = json.loads(encode(request_, Allowed(operations, ["look out"])))
    assert (answer["apiVersion"], answer["kind"]) == ("admission.k8s.io/v1", "AdmissionReview")
    response = answer["response"]
    assert (response["uid"], response["allowed"], response["patchType"]) == ("705ab4f5", True, "JSONPatch")
    assert json.loads(b64decode(response["patch"])) == operations
    assert response["warnings"] == ["look out"]


def test_nothing_to_change_is_no_patch(request_: Request) -> None:
    assert json.loads(encode(request_, Allowed()))["response"] == {"uid": "705ab4f5", "allowed": True}


def test_a_no_has_a_reason(request_: Request) -> None:
    response = json.loads(encode(request_, Denied("because\nof this")))["response"]
    assert response["allowed"] is False
    assert response["status"] == {"code": 403, "reason": "Forbidden", "message": "because of this"}


def test_warnings_fit_into_a_header(request_: Request) -> None:
    warnings = ["a\r\nb\x00c", "x" * 10_000, *["more"] * 100]
    told = json.loads(encode(request_, Allowed((), warnings)))["response"]["warnings"]
    assert told[0] == "a  b c"
    assert len(told[1]) == 256
    assert len(told) == 16
