"""What the demo does where it cannot be played, and what it tells of it."""

from typing import Any

import pytest
from apikit.contents import NAMESPACE, make_namespace

from hauberk.client import kinds
from hauberk.client.api import Client
from hauberk.client.watching import Put
from hauberk.demo import cast, company, objects, story
from hauberk.demo.company import Company
from hauberk.demo.failure import PlayError
from hauberk.demo.journal import Journal
from hauberk.demo.roster import Roster
from hauberk.demo.staging import Staging, by_default
from hauberk.demo.story import Story
from hauberk.model.kinds import POLICY, kind_named
from hauberk.runtime.clock import SystemClock

POD = kind_named("", "Pod")
ROLE = cast.CLIENTS[0]


class Play:
    """One that is played in a namespace of its own."""

    def __init__(self, client: Client, name: str) -> None:
        self.client = client
        self.staging: Staging = by_default(name, "mesh")
        self.roster = Roster(self.staging.home, SystemClock())
        self.said: list[str] = []
        self.company = Company(client, self.staging, self.roster)
        self.story = Story(self.company, self.roster, Journal(), self.staging, self.said.append)

    async def make_pod(self, *, ready: bool) -> None:
        """As a controller would make it for `ROLE`, without a proxy; and a kubelet's word on it."""
        (deployment,) = objects.programs([ROLE], self.staging)
        metadata = {"name": f"{ROLE.key}-abc", "namespace": self.staging.home.namespace}
        template = deployment["spec"]["template"]
        pod = {**template, "apiVersion": "v1", "kind": "Pod", "metadata": {**template["metadata"], **metadata}}
        made = (await self.client.create(POD, pod)).body
        made["status"] = {
            "phase": "Running" if ready else "Pending",
            "conditions": [{"type": "Ready", "status": str(ready)}],
            "containerStatuses": [container(ready=ready)],
        }
        self.roster.note(Put(await self.client.put_status(POD, made)))


def container(*, ready: bool) -> dict[str, Any]:
    waits = {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}
    state = {"running": {}} if ready else waits
    return {"name": ROLE.service, "ready": ready, "restartCount": 0, "image": "", "imageID": "", "state": state}


@pytest.fixture
async def play(client: Client, request: pytest.FixtureRequest) -> Play:
    """With its namespace."""
    play = Play(client, request.node.originalname.removeprefix("test_").replace("_", "-")[:50])
    await play.company.apply(objects.scenery(play.staging)[:1])
    return play


async def test_a_cluster_without_the_meshs_kinds_is_told_which_and_what_to_do(play: Play) -> None:
    with pytest.raises(PlayError, match=f"does not know MeshTLSAuthentication of {POLICY}") as told:
        await play.story.set_the_scene()
    assert "hauberk install --crds" in (told.value.hint or "")


async def test_who_waits_is_told_for_whom_and_at_last_why_in_vain(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(story, "NEWS_S", 0.2)
    monkeypatch.setattr(story, "READY_TIMEOUT_S", 3.0)
    await play.make_pod(ready=False)
    why = f"pod {ROLE.key}-abc: {ROLE.service} waits: ImagePullBackOff (no such image)"
    with pytest.raises(PlayError) as told:
        await play.story.enter("clients", [ROLE])
    assert str(told.value).splitlines() == [f"waited 3 s in vain for {ROLE.key} to be ready", f"  {why}"]
    assert play.said[0] == f"clients begin: {ROLE.key}"
    assert f"still waiting for {ROLE.key} to be ready\n  {why}" in play.said


async def test_programs_without_a_proxy_end_it(play: Play) -> None:
    await play.make_pod(ready=True)
    with pytest.raises(PlayError, match=f"^pods have no proxy: {ROLE.key}-abc$") as told:
        await play.story.enter("clients", [ROLE])
    assert "hauberk check" in (told.value.hint or "")


async def test_what_was_there_before_is_not_there_when_it_begins(play: Play) -> None:
    await play.company.apply(objects.programs([cast.NEW_WEB], play.staging))
    await play.company.remove(objects.programs([cast.NEW_WEB, cast.WEB[0]], play.staging))
    found = await play.client.list(kinds.DEPLOYMENT, namespace=play.staging.home.namespace)
    assert found.items == ()


async def test_a_namespace_that_does_not_go_is_told(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(company, "GONE_TIMEOUT_S", 1.0)
    await play.company.take_the_house()
    assert await play.company.leave() == "it is being deleted for 1 s"
    with pytest.raises(PlayError, match="is being deleted"):
        await play.company.take_the_house()


async def test_a_namespace_of_somebody_else_is_neither_taken_nor_deleted(client: Client) -> None:
    await make_namespace(client, "theirs")
    play = Play(client, "theirs")
    with pytest.raises(PlayError, match="the namespace theirs is not the demo's"):
        await play.company.take_the_house()
    assert await play.company.leave() == ""
    assert "deletionTimestamp" not in (await client.get(NAMESPACE, "theirs"))["metadata"]


async def test_who_leaves_before_anything_was_made_leaves_nothing(client: Client) -> None:
    play = Play(client, "nowhere")
    await play.company.take_the_house()
    assert await play.company.leave() == ""
