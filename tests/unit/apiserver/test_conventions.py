"""Kubernetes' conventions, over the socket, as clients other than ours use them."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from resource_server import control_plane

SERVICES = "/api/v1/namespaces/default/services"
SERVERS = "/apis/policy.linkerd.io/v1beta3/namespaces/default/servers"
SERVER = {"apiVersion": "policy.linkerd.io/v1beta3", "kind": "Server", "metadata": {"name": "web"}}
JSON_PATCH = "application/json-patch+json"

Ask = Callable[..., Awaitable[tuple[int, Any]]]


@pytest.fixture
async def ask(tmp_path: Path) -> AsyncIterator[Ask]:
    with control_plane(tmp_path / "run" / "api.sock") as server:
        async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(path=str(server.socket))) as session:

            async def one(method: str, path: str, body: object = None, kind: str = "application/json") -> Any:
                data = body if isinstance(body, str) else None if body is None else json.dumps(body)
                request = session.request(method, f"http://x{path}", data=data, headers={"Content-Type": kind})
                async with request as response:
                    text = await response.text()
                    return response.status, [json.loads(line) for line in text.splitlines()]

            yield one
        await asyncio.sleep(0)  # a closed transport lets go of its socket in the next turn of the loop


def service(name: str, **metadata: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, **metadata},
        "spec": {"ports": [{"port": 80}]},
    }


async def there(ask: Ask) -> list[str]:
    _, (listed,) = await ask("GET", SERVICES)
    return [item["metadata"]["name"] for item in listed["items"]]


@pytest.mark.parametrize("of", [f"{SERVICES}/web", SERVICES])
async def test_a_dry_run_asked_for_in_the_body_deletes_nothing(ask: Ask, of: str) -> None:
    await ask("POST", SERVICES, service("web"))
    options = {"kind": "DeleteOptions", "apiVersion": "v1", "dryRun": ["All"]}
    assert (await ask("DELETE", of, options))[0] == 200
    assert await there(ask) == ["web"]
    assert (await ask("DELETE", of, {**options, "dryRun": ["Some"]}))[0] == 400
    assert (await ask("DELETE", of, {"dryRun": "All"}))[0] == 400
    assert await there(ask) == ["web"]
    assert (await ask("DELETE", of, {"kind": "DeleteOptions", "gracePeriodSeconds": 0}))[0] == 200
    assert await there(ask) == []


async def test_a_deletion_insists_on_the_state_that_it_names(ask: Ask) -> None:
    _, (made,) = await ask("POST", SERVICES, service("web"))
    version, uid = made["metadata"]["resourceVersion"], made["metadata"]["uid"]
    for wrong in ({"resourceVersion": "1"}, {"uid": "another"}, {"uid": uid, "resourceVersion": "1"}):
        code, (status,) = await ask("DELETE", f"{SERVICES}/web", {"preconditions": wrong})
        assert (code, status["reason"]) == (409, "Conflict")
    right = {"preconditions": {"uid": uid, "resourceVersion": version}}
    assert (await ask("DELETE", f"{SERVICES}/web", right))[0] == 200


@pytest.mark.parametrize("of", ["/api/v1/services", "/api/v1/namespaces"])
async def test_one_request_never_deletes_across_namespaces(ask: Ask, of: str) -> None:
    await ask("POST", SERVICES, service("web"))
    assert (await ask("DELETE", of))[0] == 405
    assert await there(ask) == ["web"]


@pytest.mark.parametrize("place", ["!", "eHh4", "eyJhIjoxfQ", "WzEsMiwzXQ", "é"])
async def test_a_continuation_that_was_never_given_out_is_refused(ask: Ask, place: str) -> None:
    assert (await ask("GET", f"{SERVICES}?limit=1&continue={place}"))[0] == 400


async def test_a_kind_without_status_has_no_such_subresource(ask: Ask) -> None:
    spec = {"spec": {"podSelector": {}, "port": 80}}
    await ask("POST", SERVERS, {**SERVER, **spec})
    assert (await ask("PUT", f"{SERVERS}/web/status", {**SERVER, **spec}))[0] == 404
    assert (await ask("GET", f"{SERVERS}/web/status"))[0] == 404
    assert (await ask("GET", "/api/v1/namespaces/default/status"))[0] == 200


async def test_only_the_server_says_how_a_new_object_is(ask: Ask) -> None:
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
    _, (made,) = await ask("POST", "/api/v1/namespaces", {**namespace, "status": {"phase": "Terminating"}})
    assert made["status"] == {"phase": "Active"}
    _, (made,) = await ask("POST", SERVICES, service("web", deletionTimestamp="2020-01-01T00:00:00Z"))
    assert "deletionTimestamp" not in made["metadata"]


@pytest.mark.parametrize("watch", ["true", "True", "1"])
async def test_a_watch_is_one_however_true_is_written(ask: Ask, watch: str) -> None:
    await ask("POST", SERVICES, service("web"))
    _, events = await ask("GET", f"{SERVICES}?watch={watch}&timeoutSeconds=0")
    assert [event["type"] for event in events] == ["ADDED"]
    assert (await ask("GET", f"{SERVICES}?watch=maybe"))[0] == 400


async def test_a_patch_that_is_nested_too_deeply_is_refused(ask: Ask) -> None:
    await ask("POST", SERVICES, service("web"))
    value = "[" * 900 + "]" * 900
    patch = f'[{{"op": "add", "path": "/metadata/labels", "value": {value}}}]'
    code, (status,) = await ask("PATCH", f"{SERVICES}/web", patch, JSON_PATCH)
    assert (code, status["reason"]) == (422, "Invalid")
