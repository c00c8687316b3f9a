"""Root and issuer in the cluster: made once, whoever is first, renewed in time, and left alone where they are given."""

import asyncio
from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from hauberk.identity import kept
from hauberk.identity.certificate import make_issuer, make_root, validity
from hauberk.identity.keeper import Keeper, Scheme
from hauberk.identity.keeping import AuthorityUnusable, key_pem, pem_of
from hauberk.identity.kept import Document
from hauberk.identity.renewal import Lifetimes
from hauberk.identity.witness import Nobody
from hauberk.runtime.clock import ManualClock

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LIFETIMES = Lifetimes(
    leaf=timedelta(hours=24),
    issuer=timedelta(days=365),
    root=timedelta(days=3650),
    skew=timedelta(seconds=20),
    renew_at=0.7,
)
OWN = Scheme(generated=True, external_bundle=False)
GIVEN = Scheme(generated=False, external_bundle=False)


class Memory:
    """A cluster that gives each version of an object once."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], Document] = {}
        self.writes: list[str] = []

    async def read(self, kind: str, name: str) -> Document | None:
        return self.objects.get((kind, name))

    async def write(self, document: Document) -> bool:
        await asyncio.sleep(0)
        key = (document["kind"], document["metadata"]["name"])
        current = self.objects.get(key)
        have = current["metadata"]["resourceVersion"] if current else None
        if document["metadata"].get("resourceVersion") != have:
            return False
        metadata = {**document["metadata"], "resourceVersion": str(len(self.writes) + 1)}
        self.objects[key] = {**document, "metadata": metadata}
        self.writes.append(key[1])
        return True

    def put_issuer(self, **entries: bytes) -> None:
        data = {name.replace("_", "."): b64encode(value).decode() for name, value in entries.items()}
        metadata = {"name": kept.ISSUER, "resourceVersion": "7"}
        self.objects["Secret", kept.ISSUER] = {"kind": "Secret", "metadata": metadata, "data": data}

    def bundle(self) -> str:
        return str(self.objects["ConfigMap", kept.BUNDLE]["data"][kept.BUNDLE_KEY])

    def issuer(self) -> x509.Certificate:
        data = self.objects["Secret", kept.ISSUER]["data"]
        return x509.load_pem_x509_certificate(b64decode(data["crt.pem"]))


class Told(Nobody):
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.said: dict[str, str] = {}
        self._more = asyncio.Event()

    async def hears(self, what: str) -> str:
        async with asyncio.timeout(5):
            while what not in self.said:
                self._more.clear()
                await self._more.wait()
        return self.said[what]

    def _told(self, what: str, text: str = "") -> None:
        self.said[what] = text
        self._more.set()

    def made(self, name: str, until: datetime) -> None:
        self._told(name, until.isoformat())

    def issuer_replaced(self) -> None:
        self._told("issuer")

    def roots_replaced(self) -> None:
        self._told("roots")

    def skipped(self, problem: str) -> None:
        self._told("skipped", problem)


def keeper(vault: Memory, directory: Path, clock: ManualClock, scheme: Scheme = OWN) -> Keeper:
    return Keeper(vault, scheme, directory, name="identity.test", lifetimes=LIFETIMES, clock=clock, labels={"a": "b"})


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


async def test_the_first_start_makes_a_root_then_the_bundle_then_the_issuer(tmp_path: Path, clock: ManualClock) -> None:
    vault = Memory()
    material = await keeper(vault, tmp_path, clock).look()
    assert vault.writes == [kept.ROOT, kept.BUNDLE, kept.ISSUER]
    assert material.anchors == vault.bundle()
    root = x509.load_pem_x509_certificate(material.anchors.encode())
    vault.issuer().verify_directly_issued_by(root)
    assert material == await keeper(vault, tmp_path, clock).look(), "the next replica finds what the first one made"
    assert len(vault.writes) == 3


async def test_replicas_that_start_at_once_agree(tmp_path: Path, clock: ManualClock) -> None:
    vault = Memory()
    found = await asyncio.gather(*(keeper(vault, tmp_path / str(i), clock).look() for i in range(3)))
    assert found[0] == found[1] == found[2]
    assert len(vault.writes) == 3


async def test_the_issuer_is_renewed_in_time_under_the_same_root(tmp_path: Path, clock: ManualClock) -> None:
    vault = Memory()
    first = await keeper(vault, tmp_path, clock).look()
    clock.advance(timedelta(days=255).total_seconds())
    assert await keeper(vault, tmp_path, clock).look() == first
    clock.advance(timedelta(days=2).total_seconds())
    second = await keeper(vault, tmp_path, clock).look()
    assert second.anchors == first.anchors
    assert second.chain != first.chain


async def test_roots_that_somebody_added_stay(tmp_path: Path, clock: ManualClock) -> None:
    vault, other = Memory(), make_root("other", validity(NOW, LIFETIMES.root, skew=LIFETIMES.skew))
    added = pem_of(other.certificate)
    metadata = {"name": kept.BUNDLE, "resourceVersion": "3"}
    document = {"kind": "ConfigMap", "metadata": metadata, "data": {kept.BUNDLE_KEY: added}}
    vault.objects["ConfigMap", kept.BUNDLE] = document
    material = await keeper(vault, tmp_path, clock).look()
    assert material.anchors.startswith(added)
    assert len(x509.load_pem_x509_certificates(material.anchors.encode())) == 2


async def test_a_damaged_issuer_is_made_anew_and_a_damaged_root_is_not(tmp_path: Path, clock: ManualClock) -> None:
    vault = Memory()
    await keeper(vault, tmp_path, clock).look()
    vault.objects["Secret", kept.ISSUER]["data"]["crt.pem"] = b64encode(b"nonsense").decode()
    await keeper(vault, tmp_path, clock).look()
    vault.issuer()
    vault.objects["Secret", kept.ROOT]["data"]["key.pem"] = ""
    with pytest.raises(AuthorityUnusable, match=kept.ROOT):
        await keeper(vault, tmp_path, clock).look()


@pytest.mark.parametrize("names", [("crt_pem", "key_pem"), ("tls_crt", "tls_key")], ids=["linkerd", "cert-manager"])
async def test_an_issuer_of_somebody_else_is_used_as_it_is(
    tmp_path: Path, clock: ManualClock, names: tuple[str, str]
) -> None:
    vault = Memory()
    valid = validity(NOW, LIFETIMES.issuer, skew=LIFETIMES.skew)
    root = make_root("root", valid)
    issuer = make_issuer("issuer", valid, root)
    chain, anchors = pem_of(issuer.certificate).encode(), pem_of(root.certificate)
    vault.put_issuer(**{names[0]: chain, names[1]: key_pem(issuer.key), "ca_crt": anchors.encode()})
    material = await keeper(vault, tmp_path, clock, GIVEN).look()
    assert (material.anchors, material.chain.encode()) == (anchors, chain)
    assert vault.writes == [kept.BUNDLE], "proxies find the root where they look for it"


async def test_whoever_keeps_the_bundle_elsewhere_is_not_overruled(tmp_path: Path, clock: ManualClock) -> None:
    vault = Memory()
    vault.put_issuer(crt_pem=b"x", key_pem=b"y", ca_crt=b"z")
    with pytest.raises(AuthorityUnusable):
        await keeper(vault, tmp_path, clock, Scheme(generated=False, external_bundle=True)).look()
    assert vault.writes == []


async def test_a_new_issuer_reaches_the_files_and_nonsense_leaves_the_last_good_ones(
    tmp_path: Path, clock: ManualClock
) -> None:
    vault, told = Memory(), Told()
    subject = Keeper(
        vault,
        GIVEN,
        tmp_path,
        name="i",
        lifetimes=LIFETIMES,
        clock=clock,
        labels={},
        witness=told,
        interval_s=0.01,
    )
    valid = validity(NOW, LIFETIMES.issuer, skew=LIFETIMES.skew)
    root = make_root("root", valid)

    def put() -> str:
        issuer = make_issuer("issuer", valid, root)
        chain = pem_of(issuer.certificate)
        vault.put_issuer(crt_pem=chain.encode(), key_pem=key_pem(issuer.key), ca_crt=pem_of(root.certificate).encode())
        return chain

    first = put()
    task = asyncio.get_running_loop().create_task(subject.run())
    await asyncio.wait_for(subject.ready(), 5)
    assert subject.files.certificate.read_text() == first
    assert subject.files.key.stat().st_mode & 0o777 == 0o600
    vault.put_issuer(crt_pem=b"")
    assert "crt.pem" in await told.hears("skipped")
    second = put()
    await told.hears("issuer")
    assert "roots" not in told.said  # the root is the same
    assert subject.files.certificate.read_text() == second
    task.cancel()
