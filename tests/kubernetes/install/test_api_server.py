"""A real API server knows every object that is installed, and what `hauberk upgrade` and others find in it."""

from collections.abc import AsyncIterator

import pytest
from apikit.server import ApiServer
from installing_sets import SETS, Document, one, rendered

from hauberk.client.api import Client
from hauberk.client.errors import ApiError, Invalid
from hauberk.install.objects import RENDERED, name_of

KINDS = {(kind.group, kind.kind): kind for kind in RENDERED}
MANAGER = "test"


@pytest.fixture
async def client(bare: ApiServer) -> AsyncIterator[Client]:
    async with Client(bare.endpoint("admin")) as client:
        yield client


async def apply(client: Client, document: Document, *, dry_run: bool) -> None:
    """Server-side: it refuses what the kind's schema does not have."""
    kind = KINDS[name_of(document).group, document["kind"]]
    await client.apply_server_side(kind, document, field_manager=MANAGER, dry_run=dry_run)


@pytest.mark.parametrize("name", SETS)
async def test_every_object_is_valid(client: Client, name: str) -> None:
    for document in rendered(name):
        if document["kind"] == "Namespace":
            await apply(client, document, dry_run=False)
    for document in rendered(name):
        try:
            await apply(client, document, dry_run=True)
        except ApiError as error:
            pytest.fail(f"{name_of(document)}: {error}")


async def test_the_check_sees_what_is_wrong(client: Client) -> None:
    await apply(client, one(rendered(), "Namespace", "hauberk"), dry_run=False)
    policy = one(rendered(), "NetworkPolicy", "linkerd-identity")
    with pytest.raises(Invalid):
        await apply(client, {**policy, "spec": {**policy["spec"], "policyTypes": ["Inside"]}}, dry_run=True)
    with pytest.raises(ApiError, match="ingres"):
        await apply(client, {**policy, "spec": {**policy["spec"], "ingres": []}}, dry_run=True)
