"""The definitions in deploy/crds on a real API server: they are taken, and say what the model says."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from apikit.definitions import install, ours, remove
from documents import Document
from following import SERVER
from manifests import BAD, GOOD, everything, written

from hauberk.client import paths
from hauberk.client.api import Client
from hauberk.client.errors import ApiError, Invalid
from hauberk.client.kinds import CUSTOM_RESOURCE_DEFINITION
from hauberk.client.transport import Answer
from hauberk.model.kinds import KINDS, POLICY, Kind, by_kind
from hauberk.model.parse import ManifestInvalid, parse_manifest

OURS = [kind for kind in KINDS if kind.group == POLICY]


@pytest.fixture
async def defined(client: Client) -> AsyncIterator[Client]:
    await install(client, ours())
    yield client
    for document in ours():
        await remove(client, document["metadata"]["name"])


async def tried(client: Client, manifest: Document) -> Answer:
    """Have the server judge a manifest as `kubectl apply` does, without keeping it."""
    group, _, version = manifest["apiVersion"].partition("/")
    kind = by_kind(group, manifest["kind"])
    assert kind is not None
    path = paths.collection(kind, namespace="default", version=version)
    query = {"dryRun": "All", "fieldValidation": "Strict"}
    return await client._transport.request("POST", path, query=query, body=manifest)


async def takes(client: Client, manifest: Document) -> bool:
    try:
        await tried(client, manifest)
    except Invalid:
        return False
    return True


def machine_takes(manifest: Document) -> bool:
    try:
        parse_manifest(manifest, source="x.yaml")
    except ManifestInvalid:
        return False
    return True


async def test_all_kinds_and_versions_are_served(defined: Client) -> None:
    for kind in OURS:
        found = await defined.get(CUSTOM_RESOURCE_DEFINITION, kind.qualified)
        conditions = {each["type"]: each["status"] for each in found["status"]["conditions"]}
        assert conditions == {"NamesAccepted": "True", "Established": "True"}
        assert found["status"]["storedVersions"] == [kind.versions[0]]
        for version in kind.versions:
            path = paths.collection(kind, namespace="default", version=version)
            assert (await defined._transport.request("GET", path)).body["items"] == []


async def test_discovery_has_short_names_and_the_category(defined: Client) -> None:
    """What `kubectl get policy` and `kubectl get srv` look for."""
    for kind in OURS:
        path = f"/apis/{kind.group}/{kind.versions[0]}"
        resources = (await defined._transport.request("GET", path)).body["resources"]
        (found,) = [each for each in resources if each["name"] == kind.plural]
        assert found["categories"] == ["policy"]
        assert tuple(found.get("shortNames", ())) == kind.short_names


async def test_tables_have_the_models_columns(defined: Client) -> None:
    for kind in OURS:
        table = await defined.table(kind)
        named = [column["name"] for column in table["columnDefinitions"]]
        assert [name.lower() for name in named] == [column.name.lower() for column in kind.columns]


async def test_old_versions_are_warned_about_as_on_a_plain_machine(defined: Client) -> None:
    for manifest in GOOD:
        answer = await tried(defined, manifest)
        kind = by_kind(POLICY, manifest["kind"])
        assert isinstance(kind, Kind)
        old = manifest["apiVersion"].partition("/")[2] in kind.deprecated
        text = f"{manifest['apiVersion']} {kind.kind} is deprecated; use {kind.api_version} {kind.kind}"
        assert answer.warnings == ((text,) if old else ())


async def test_what_is_written_in_an_old_version_is_read_in_the_new_one(defined: Client) -> None:
    path = paths.collection(SERVER, namespace="default", version="v1alpha1")
    manifest = next(each for each in GOOD if each["apiVersion"].endswith("/v1alpha1") and each["kind"] == "Server")
    await defined._transport.request("POST", path, body=manifest)
    read = await defined.get(SERVER, "x", namespace="default")
    assert read["spec"] == {"accessPolicy": "deny", "podSelector": {}, "port": 80, "proxyProtocol": "gRPC"}


@pytest.mark.parametrize("manifest", GOOD, ids=lambda manifest: json.dumps(manifest["spec"])[:60])
def test_good_manifests_are_good_on_a_plain_machine(manifest: Document) -> None:
    assert machine_takes(manifest)


async def test_what_a_plain_machine_takes_is_taken(defined: Client) -> None:
    assert len(written()) > 3
    wrong: list[Any] = []
    for manifest in everything():
        if machine_takes(manifest):
            try:
                await tried(defined, manifest)
            except ApiError as error:
                wrong.append((manifest, str(error)))
    assert not wrong


async def test_what_is_wrong_by_its_shape_is_refused_without_a_webhook(defined: Client) -> None:
    assert not [manifest for manifest in BAD if machine_takes(manifest)]
    assert not [manifest for manifest in BAD if await takes(defined, manifest)]


async def test_defaults_are_the_models(defined: Client) -> None:
    """An object as the server gives it back means what the manifest means to the model."""
    for manifest in GOOD:
        if manifest["apiVersion"].endswith(("/v1beta3", "/v1alpha1")) and manifest["kind"] != "Server":
            given = (await tried(defined, manifest)).body
            metadata = {"name": given["metadata"]["name"], "namespace": "default"}
            assert parse_manifest({**given, "metadata": metadata}, source="x") == parse_manifest(manifest, source="x")
