import json
from typing import Any

import pytest
from aiohttp import web
from answering import Api, an_api

from hauberk.client.api import Client
from hauberk.client.kinds import DEPLOYMENT, LEASE, SECRET, TOKEN_REVIEW, VALIDATING_WEBHOOK_CONFIGURATION, qualified
from hauberk.client.paths import collection, item
from hauberk.model.kinds import kind_named

SERVER = kind_named("policy.linkerd.io", "Server")


async def echo(request: web.Request) -> web.Response:
    body = await request.read()
    return web.json_response(json.loads(body) if body else {"kind": "Status"})


def body(api: Api) -> Any:
    return json.loads(api.asked[-1].body)


def test_kinds_of_the_model_and_others_have_their_places() -> None:
    assert collection(SERVER, namespace="a") == "/apis/policy.linkerd.io/v1beta3/namespaces/a/servers"
    assert collection(SERVER, version="v1beta1") == "/apis/policy.linkerd.io/v1beta1/servers"
    assert item(SECRET, "s", namespace="a") == "/api/v1/namespaces/a/secrets/s"
    assert item(LEASE, "l", namespace="a") == "/apis/coordination.k8s.io/v1/namespaces/a/leases/l"
    assert (
        item(VALIDATING_WEBHOOK_CONFIGURATION, "w")
        == "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/w"
    )
    assert item(DEPLOYMENT, "d", namespace="a", subresource="scale").endswith("/deployments/d/scale")
    assert [qualified(kind) for kind in (SECRET, DEPLOYMENT, SERVER)] == [
        "secrets",
        "deployments.apps",
        "servers.policy.linkerd.io",
    ]


async def test_a_question_is_created_and_answered() -> None:
    async with an_api(echo) as api, Client(api.endpoint) as client:
        answer = await client.create(TOKEN_REVIEW, {"spec": {"token": "t"}})
    assert answer.body == {"spec": {"token": "t"}}
    assert (api.asked[0].method, api.asked[0].path) == ("POST", "/apis/authentication.k8s.io/v1/tokenreviews")


@pytest.mark.parametrize(("force", "word"), [(True, "true"), (False, "false")])
async def test_applying_on_the_server_names_who_applies(force: bool, word: str) -> None:
    manifest = {"apiVersion": SERVER.api_version, "kind": "Server", "metadata": {"name": "s", "namespace": "a"}}
    async with an_api(echo) as api, Client(api.endpoint) as client:
        await client.apply_server_side(SERVER, manifest, field_manager="me", subresource="status", force=force)
    (asked,) = api.asked
    assert asked.method == "PATCH"
    assert asked.path == "/apis/policy.linkerd.io/v1beta3/namespaces/a/servers/s/status"
    assert asked.query == {"fieldManager": "me", "force": word}
    assert asked.headers["content-type"] == "application/apply-patch+yaml"
    assert body(api) == manifest


async def test_a_deletion_says_which_object_and_what_of_its_own() -> None:
    async with an_api(echo) as api, Client(api.endpoint) as client:
        await client.delete(
            SECRET, "s", namespace="a", uid="u", resource_version="7", propagation="Foreground", dry_run=True
        )
        assert body(api) == {
            "kind": "DeleteOptions",
            "apiVersion": "v1",
            "preconditions": {"uid": "u", "resourceVersion": "7"},
            "propagationPolicy": "Foreground",
        }
        assert api.asked[-1].query == {"dryRun": "All"}
        await client.delete(SECRET, "s", namespace="a")
        assert api.asked[-1].body == b""


async def test_a_listing_whose_rest_is_gone_begins_anew() -> None:
    answers = [
        web.json_response(
            {"metadata": {"resourceVersion": "1", "continue": "n"}, "items": [{"metadata": {"name": "a"}}]}
        ),
        web.json_response({"kind": "Status", "code": 410, "reason": "Expired"}, status=410),
        web.json_response({"metadata": {"resourceVersion": "2"}, "items": [{"metadata": {"name": "b"}}]}),
    ]

    async def answer(request: web.Request) -> web.Response:
        del request
        return answers.pop(0)

    async with an_api(answer) as api, Client(api.endpoint) as client:
        listed = await client.list(SECRET)
    assert [each["metadata"]["name"] for each in listed.items] == ["b"]
    assert listed.resource_version == "2"
    assert [asked.query.get("continue") for asked in api.asked] == [None, "n", None]


async def test_the_log_of_a_pod_comes_line_by_line_until_it_ends() -> None:
    async def log(request: web.Request) -> web.StreamResponse:
        del request
        return web.Response(text="one\ntwo\nrest")

    query = {"container": "c", "tailLines": "0"}
    async with an_api(log) as api, Client(api.endpoint) as client:
        lines = client.follow(kind_named("", "Pod"), "p", query, namespace="a", silence_s=5)
        found = [line async for batch in lines for line in batch]
    assert found == [b"one", b"two"]
    assert api.asked[0].path == "/api/v1/namespaces/a/pods/p/log"
    assert api.asked[0].query == {**query, "follow": "true"}
