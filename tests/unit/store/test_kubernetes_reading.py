import json
from typing import Any

import pytest

from hauberk.client.errors import ApiError, Forbidden, Garbled, Gone
from hauberk.model.kinds import kind_named
from hauberk.model.rules import problems_of
from hauberk.store import kubernetes_sense
from hauberk.store.kubernetes_reading import Change, LeftOut, Mark, Read, Reader
from hauberk.store.protocol import Ref

SLICE = kind_named("discovery.k8s.io", "EndpointSlice")
SERVER = kind_named("policy.linkerd.io", "Server")
POLICY = kind_named("policy.linkerd.io", "AuthorizationPolicy")
SERVICE = kind_named("", "Service")

Document = dict[str, Any]


def server(name: str = "web", version: int = 5, port: Any = 80) -> Document:
    metadata = {"name": name, "namespace": "default", "resourceVersion": str(version)}
    return {
        "apiVersion": "policy.linkerd.io/v1beta3",
        "kind": "Server",
        "metadata": metadata,
        "spec": {"podSelector": {}, "port": port},
    }


def raw(document: object) -> bytes:
    return json.dumps(document).encode()


def page(*items: Document, **metadata: str) -> bytes:
    return raw({"kind": "List", "metadata": {"resourceVersion": "9", **metadata}, "items": list(items)})


def line(kind: str, document: Document) -> bytes:
    return raw({"type": kind, "object": document})


def names(items: Any) -> list[str]:
    return [item.ref.name for item in items]


def test_a_page_is_its_objects_its_revision_and_the_way_to_the_next() -> None:
    found = Reader(SERVER).page(page(server("a"), server("b"), **{"continue": "next"}))
    assert names(found.items) == ["a", "b"]
    assert (found.revision, found.following) == (9, "next")
    assert Reader(SERVER).page(page()).following == ""


def test_an_empty_list_may_be_null() -> None:
    assert Reader(SERVER).page(b'{"metadata": {"resourceVersion": "9"}, "items": null}').items == []


def test_objects_of_core_lists_need_not_say_what_they_are() -> None:
    item = {"metadata": {"name": "web", "namespace": "default", "resourceVersion": "5"}, "spec": {}}
    (read,) = Reader(SERVICE).page(page(item)).items
    assert isinstance(read, Read)
    assert read.resource.api_version == "v1"


def policy(name: str = "web", version: int = 5, target: Any = None) -> Document:
    metadata = {"name": name, "namespace": "default", "resourceVersion": str(version)}
    target = {"kind": "Namespace", "name": "default"} if target is None else target
    spec = {"targetRef": target, "requiredAuthenticationRefs": []}
    return {"apiVersion": "policy.linkerd.io/v1alpha1", "kind": POLICY.kind, "metadata": metadata, "spec": spec}


@pytest.mark.parametrize("bad", [policy("bad", target=7), policy("bad", target=[80]), policy("bad", target={})])
def test_one_object_without_sense_is_left_out_alone(bad: Document) -> None:
    good, left_out, also = Reader(POLICY).page(page(policy("a"), bad, policy("b"))).items
    assert isinstance(good, Read)
    assert isinstance(also, Read)
    assert isinstance(left_out, LeftOut)
    assert left_out.ref == Ref("policy.linkerd.io", "AuthorizationPolicy", "default", "bad")
    assert left_out.version == 5
    assert left_out.reason


def test_a_null_is_as_good_as_nothing() -> None:
    """An EndpointSlice without endpoints says `null`."""
    document = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": "s", "namespace": "default", "resourceVersion": "5", "labels": None},
        "addressType": "IPv4",
        "endpoints": None,
        "ports": None,
    }
    change = Reader(SLICE).change(line("MODIFIED", document))
    assert isinstance(change, Change)
    assert isinstance(change.item, Read)
    assert change.item.resource.endpoints == ()  # type: ignore[attr-defined]


@pytest.mark.parametrize(("kind", "deleted"), [("ADDED", False), ("MODIFIED", False), ("DELETED", True)])
def test_a_line_is_a_change_of_one_object(kind: str, deleted: bool) -> None:
    change = Reader(SERVER).change(line(kind, server(version=7)))
    assert isinstance(change, Change)
    assert (change.item.ref.name, change.item.version, change.deleted) == ("web", 7, deleted)
    odd = Reader(POLICY).change(line(kind, policy(target=7)))
    assert isinstance(odd, Change)
    assert isinstance(odd.item, LeftOut)
    assert odd.deleted == deleted


def test_a_bookmark_says_how_far_it_is() -> None:
    bookmark = line("BOOKMARK", {"kind": "Pod", "metadata": {"resourceVersion": "77"}, "spec": {"containers": None}})
    assert Reader(SERVER).change(bookmark) == Mark(77)


@pytest.mark.parametrize(("code", "error"), [(410, Gone), (403, Forbidden), ("odd", ApiError)])
def test_an_error_in_the_stream_is_raised(code: object, error: type[Exception]) -> None:
    status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "code": code, "message": "too old", "reason": "x"}
    with pytest.raises(error, match="too old"):
        Reader(SERVER).change(line("ERROR", status))


@pytest.mark.parametrize(
    "stream",
    [
        b"{",
        b"[]",
        b'{"type": "MODIFIED"}',
        line("SURPRISE", server(port=[])),
        line("MODIFIED", {"kind": "Server"}),
        line("MODIFIED", server(version="x")),  # type: ignore[arg-type]
        line("ERROR", []),  # type: ignore[arg-type]
    ],
)
def test_what_is_no_event_at_all_is_said(stream: bytes) -> None:
    with pytest.raises(Garbled):
        Reader(SERVER).change(stream)


@pytest.mark.parametrize("answer", [b"", b"<html>", b'{"items": []}', page(resourceVersion="new")])
def test_what_is_no_list_at_all_is_said(answer: bytes) -> None:
    with pytest.raises(Garbled):
        Reader(SERVER).page(answer)


def test_a_rule_that_fails_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> Any:
        raise ZeroDivisionError("rules are programs too")

    monkeypatch.setattr(kubernetes_sense, problems_of.__name__, broken)
    (left_out,) = Reader(POLICY).page(page(policy())).items
    assert isinstance(left_out, LeftOut)
    assert left_out.reason == "ZeroDivisionError: rules are programs too"
    (closed,) = Reader(SERVER).page(page(server())).items
    assert isinstance(closed, Read)
    assert closed.resource.closed  # type: ignore[attr-defined]


def test_a_deep_object_ends_nothing() -> None:
    deep = (
        b'{"type":"MODIFIED","object":{"metadata":{"name":"x","resourceVersion":"1"},"spec":'
        + b"[" * 5000
        + b"]" * 5000
        + b"}}"
    )
    try:
        found = Reader(POLICY).change(deep)
    except Garbled:
        return
    assert isinstance(found, Change)
    assert isinstance(found.item, LeftOut)
