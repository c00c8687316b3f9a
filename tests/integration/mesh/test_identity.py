"""Certificates end soon and are renewed under traffic; nobody gets one for another name."""

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from meshkit import tls
from meshkit.load import Load
from meshkit.samples import Samples
from meshkit.start import a_mesh, run_server
from meshkit.tls import identity, names, shown_by
from meshkit.until import until
from meshkit.workload import Workload

LIFETIME_S = int(os.environ.get("HAUBERK_TEST_LEAF_SECONDS", "14"))
"""A proxy renews at 70 % of a certificate's time, but not more often than every ten seconds. 60 takes minutes."""
RENEWALS = 5
PATIENCE_S = RENEWALS * LIFETIME_S + 10
SHOP = "shop.default.svc.cluster.local"


@pytest.mark.timeout(PATIENCE_S + 120)
def test_five_renewals_under_traffic_drop_nothing() -> None:
    with a_mesh({"HAUBERK_LEAF_LIFETIME": f"{LIFETIME_S}s", "HAUBERK_CLOCK_SKEW": "2s"}) as mesh:
        client, shop = mesh.run("client", ["sleep", "infinity"]), run_server(mesh, "shop")
        client.ready()
        shop.ready()
        first = shown_by((shop.ip, 8080), identity("shop"))
        with (
            echoing(client, (mesh.api.service_address("shop"), 9002)) as echoes,
            Load(lambda: client.http(SHOP)) as load,
        ):
            until("all have renewed", lambda: min(map(renewals, (client, shop))) > RENEWALS, within_s=PATIENCE_S)
            load.go_on(50)
            last = shown_by((shop.ip, 8080), identity("shop"))
            fresh = client.execute("curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", f"http://{SHOP}/")
        assert load.failures == []
        assert load.answered > 1000
        assert echoes.lost is None
        assert echoes.count > 1000, "a connection that was opened before the first renewal lives on"
        assert fresh.stdout == b"200"
        assert last.serial_number != first.serial_number
        assert first.not_valid_after_utc < datetime.now(UTC) < last.not_valid_after_utc
        assert {client.metrics().total("control_identity_cert_refreshes_total", result="error")} == {0}
        front = Samples(mesh.front_metrics())
        assert front.total("control_identity_cert_refreshes_total", result="ok") > RENEWALS


def renewals(workload: Workload) -> float:
    return workload.metrics().total("control_identity_cert_refreshes_total", result="ok")


class Echoes:
    count = 0
    lost: str | None = None


@contextmanager
def echoing(client: Workload, address: tuple[str, int]) -> Iterator[Echoes]:
    """One TCP connection that is used all the time."""
    seen, ended = Echoes(), threading.Event()

    def run() -> None:
        with client.connect(address) as connection, connection.makefile("rb") as stream:
            stream.readline()
            while not ended.wait(0.01):
                line = b"%d\n" % seen.count
                connection.sendall(line)
                if (got := stream.readline()) != line:
                    seen.lost = f"{got!r} instead of {line!r}"
                    return
                seen.count += 1

    thread = threading.Thread(target=run, name="echoing")
    thread.start()
    try:
        yield seen
    finally:
        ended.set()
        thread.join(15)
        assert not thread.is_alive()


def test_a_certificate_has_both_names(client: Workload) -> None:
    shown = shown_by((client.ip, 8080), identity("client"))
    assert names(shown) == [identity("client")]
    assert tls.spiffe_ids(shown) == ["spiffe://cluster.local/ns/default/sa/client"]


def test_the_environment_shows_no_secret(client: Workload) -> None:
    status, page = client.admin("/env.json")
    assert status == 200
    shown = json.loads(page)
    assert shown["LINKERD2_PROXY_IDENTITY_LOCAL_NAME"] == identity("client")
    assert "PRIVATE KEY" not in page
