"""Real HTTPS: the API server's part is played by a client that trusts the bundle and nothing else."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from io import BytesIO

import aiohttp
import pytest
from webhook_vault import SERVED, Memory, keeper

from hauberk.runtime.clock import ManualClock
from hauberk.webhook.keeper import SETTLE_S, Keeper
from hauberk.webhook.review import Allowed, Answer, Denied, Request
from hauberk.webhook.server import BODY_MAX, Unanswerable, serving

REVIEW = {
    "apiVersion": "admission.k8s.io/v1",
    "kind": "AdmissionReview",
    "request": {"uid": "1", "kind": {"group": "", "version": "v1", "kind": "Pod"}, "operation": "CREATE"},
}


async def yes(request: Request) -> Answer:
    return Allowed([{"op": "add", "path": "/asked", "value": request.uid}])


@asynccontextmanager
async def asking(vault: Memory, port: int) -> AsyncIterator[aiohttp.ClientSession]:
    """A new connection for each question, as from many API servers."""
    trust = ssl.create_default_context(cadata=vault.bundle)
    connector = aiohttp.TCPConnector(ssl=trust, force_close=True)
    async with aiohttp.ClientSession(f"https://127.0.0.1:{port}", connector=connector) as session:
        yield session


async def ask(session: aiohttp.ClientSession, name: str = SERVED.names[0], **how: object) -> aiohttp.ClientResponse:
    how = how or {"json": REVIEW}
    response = await session.post("/", server_hostname=name, **how)  # type: ignore[arg-type]
    await response.read()
    return response


@pytest.fixture
async def kept(vault: Memory, clock: ManualClock) -> Keeper:
    made = keeper(vault, clock)
    await made.look()
    return made


@pytest.mark.parametrize("name", SERVED.names)
async def test_a_question_is_answered_under_each_name(name: str, vault: Memory, kept: Keeper) -> None:
    async with serving(yes, kept.context, port=0, host="127.0.0.1") as port, asking(vault, port) as session:
        answer = json.loads(await (await ask(session, name)).text())
        assert answer["response"]["allowed"]
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await ask(session, "elsewhere.svc")


async def test_whoever_does_not_know_the_bundle_does_not_ask(vault: Memory, kept: Keeper) -> None:
    del vault
    async with (
        serving(yes, kept.context, port=0, host="127.0.0.1") as port,
        aiohttp.ClientSession(f"https://127.0.0.1:{port}") as session,
    ):
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await ask(session)


async def test_older_versions_of_tls_are_refused(vault: Memory, kept: Keeper) -> None:
    trust = ssl.create_default_context(cadata=vault.bundle)
    trust.maximum_version = ssl.TLSVersion.TLSv1_2
    async with serving(yes, kept.context, port=0, host="127.0.0.1") as port:
        connector = aiohttp.TCPConnector(ssl=trust)
        async with aiohttp.ClientSession(f"https://127.0.0.1:{port}", connector=connector) as session:
            with pytest.raises(aiohttp.ClientConnectorError):
                await ask(session)


async def test_the_certificate_changes_under_questions_and_none_is_lost(
    vault: Memory, kept: Keeper, clock: ManualClock
) -> None:
    done = asyncio.Event()
    answers: asyncio.Queue[int] = asyncio.Queue()

    async def go_on(port: int) -> None:
        """With the bundle of that moment, as an API server that hears of a new one at once."""
        while not done.is_set():
            async with asking(vault, port) as session:
                answers.put_nowait((await ask(session)).status)

    first = kept._pair
    async with serving(yes, kept.context, port=0, host="127.0.0.1") as port, asyncio.TaskGroup() as group:
        for _ in range(4):
            group.create_task(go_on(port))

        async def some_more() -> None:
            assert {await answers.get() for _ in range(20)} == {200}

        await some_more()
        async with asking(vault, port) as before:
            clock.advance(timedelta(days=260).total_seconds())
            await kept.look()
            await kept.look()
            await some_more()
            clock.advance(SETTLE_S)
            await kept.look()
            assert kept._pair is not first
            await some_more()
            with pytest.raises(aiohttp.ClientConnectorCertificateError):
                await ask(before)
        done.set()


async def test_an_open_connection_goes_on_under_the_former_certificate(
    vault: Memory, kept: Keeper, clock: ManualClock
) -> None:
    trust = ssl.create_default_context(cadata=vault.bundle)
    async with serving(yes, kept.context, port=0, host="127.0.0.1") as port:
        connector = aiohttp.TCPConnector(ssl=trust, limit=1)
        async with aiohttp.ClientSession(f"https://127.0.0.1:{port}", connector=connector) as session:
            assert (await ask(session)).status == 200
            first = kept._pair
            clock.advance(timedelta(days=260).total_seconds())
            await kept.look()
            await kept.look()
            clock.advance(SETTLE_S)
            await kept.look()
            assert kept._pair is not first
            assert (await ask(session)).status == 200


async def test_what_has_no_answer_is_an_error_and_the_next_one_is_answered(
    vault: Memory, kept: Keeper, caplog: pytest.LogCaptureFixture
) -> None:
    async def moody(request: Request) -> Answer:
        match request.operation:
            case "CREATE":
                return Denied("no")
            case "UPDATE":
                raise Unanswerable("the cluster is away")
            case _:
                raise ZeroDivisionError

    def review(operation: str) -> dict[str, object]:
        return {**REVIEW, "request": {**REVIEW["request"], "operation": operation}}  # type: ignore[dict-item]

    async with serving(moody, kept.context, port=0, host="127.0.0.1") as port, asking(vault, port) as session:
        statuses = [(await ask(session, json=review(word))).status for word in ("DELETE", "UPDATE", "CREATE")]
        assert statuses == [500, 503, 200]
        assert (await ask(session, data=b"nonsense")).status == 400
        assert (await ask(session, data=BytesIO(b" " * (BODY_MAX + 1)))).status == 413
        async with session.get("/", server_hostname=SERVED.names[0]) as response:
            assert response.status == 405
        async with session.post("/other", server_hostname=SERVED.names[0]) as response:
            assert response.status == 404
    assert any("ZeroDivisionError" in (record.exc_text or "") for record in caplog.records)
