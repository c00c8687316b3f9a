"""Three replicas and one certificate: they agree, renew it in time, and serve only what the API server knows."""

import asyncio
from datetime import timedelta

import pytest
from cryptography import x509
from webhook_vault import CONFIGURATION, KIND, SECRET, Memory, keeper

from hauberk.client.vault import VaultUnavailable
from hauberk.runtime.clock import ManualClock
from hauberk.webhook.keeper import SETTLE_S, Keeper

DUE_S = timedelta(days=260).total_seconds()


def served_by(subject: Keeper) -> x509.Certificate:
    assert subject._pair is not None
    return subject._pair.certificate


def authorities(vault: Memory) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(vault.bundle.encode())


def is_known(vault: Memory, subject: Keeper) -> bool:
    """Whether the API server can trust what a replica serves."""
    assert subject._pair is not None
    return subject._pair.authority in authorities(vault)


async def test_the_first_look_makes_it_and_tells_the_api_server(vault: Memory, clock: ManualClock) -> None:
    subject = keeper(vault, clock)
    await subject.look()
    assert vault.writes == ["Secret", KIND]
    assert is_known(vault, subject)
    await subject.look()
    assert len(vault.writes) == 2, "nothing has changed"


async def test_replicas_that_start_at_once_agree(vault: Memory, clock: ManualClock) -> None:
    replicas = [keeper(vault, clock) for _ in range(3)]
    await asyncio.gather(*(replica.look() for replica in replicas))
    assert len({served_by(replica) for replica in replicas}) == 1
    assert len(authorities(vault)) == 1


async def test_it_is_renewed_and_nobody_ever_serves_what_is_not_known(vault: Memory, clock: ManualClock) -> None:
    replicas = [keeper(vault, clock) for _ in range(3)]
    for replica in replicas:
        await replica.look()
    first = served_by(replicas[0])
    clock.advance(DUE_S)
    await replicas[0].look()
    await replicas[1].look()
    assert {served_by(replica) for replica in replicas} == {first}, "the API server does not know the next one yet"
    assert len(authorities(vault)) == 2
    clock.advance(SETTLE_S)
    await replicas[1].look()
    second = served_by(replicas[1])
    assert second != first
    assert all(is_known(vault, replica) for replica in replicas), "also the replica that was not looking"
    assert served_by(replicas[2]) == first
    await replicas[2].look()
    await replicas[0].look()
    assert {served_by(replica) for replica in replicas} == {second}


async def test_a_bundle_that_somebody_took_away_is_told_again_and_nothing_is_taken_into_use(
    vault: Memory, clock: ManualClock
) -> None:
    subject = keeper(vault, clock)
    await subject.look()
    first = served_by(subject)
    clock.advance(DUE_S)
    await subject.look()
    await subject.look()
    clock.advance(SETTLE_S)
    vault.put({"kind": KIND, "metadata": {"name": CONFIGURATION}, "webhooks": [{"name": "a", "clientConfig": {}}]})
    await subject.look()
    assert len(authorities(vault)) == 2
    await subject.look()
    assert served_by(subject) == first, "the time begins anew"
    clock.advance(SETTLE_S)
    await subject.look()
    assert served_by(subject) != first


async def test_a_secret_that_was_lost_becomes_what_is_served(vault: Memory, clock: ManualClock) -> None:
    subject = keeper(vault, clock)
    await subject.look()
    first = served_by(subject)
    del vault.objects["Secret", SECRET]
    await subject.look()
    assert served_by(subject) == first
    late = keeper(vault, clock)
    await late.look()
    assert served_by(late) == first


async def test_without_a_configuration_it_is_not_ready_and_says_so(vault: Memory, clock: ManualClock) -> None:
    del vault.objects[KIND, CONFIGURATION]
    subject = keeper(vault, clock)
    with pytest.raises(VaultUnavailable, match="there is no MutatingWebhookConfiguration injector"):
        await subject.look()


async def test_it_becomes_ready_when_the_cluster_can_be_asked(
    vault: Memory, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    vault.away = True
    subject = keeper(vault, clock)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(subject.run())
        await asyncio.wait_for(vault.refused.wait(), 10)
        ready = group.create_task(subject.ready())
        assert not ready.done()
        vault.away = False
        await asyncio.wait_for(ready, 10)
        task.cancel()
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == [
        "the webhook's certificate stays as it is: the cluster is away"
    ]
