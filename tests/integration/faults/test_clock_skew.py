"""Clocks of machines differ: who gives certificates is ahead of those who look at them, or behind."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from faultkit.http1 import counting
from faultkit.ledger import Ledger
from faultkit.outcome import ask
from faultkit.ports import HTTP1
from faultkit.program import serving
from meshkit.start import a_mesh
from meshkit.tls import identity, shown_by

SHIFT = Path(__file__).parent / "programs" / "shift"
TOLERATED_S = 15
"""The setting `clock-skew` is 20 seconds, of which some pass before a certificate is first looked at."""


@pytest.mark.parametrize("seconds", [TOLERATED_S, -TOLERATED_S])
def test_a_control_plane_with_another_time(seconds: int) -> None:
    shift = {"PYTHON_SHIFT_SECONDS": str(seconds), "PYTHONPATH": os.pathsep.join([str(SHIFT), *python_path()])}
    with a_mesh(shift) as mesh:
        client = mesh.run("client", ["sleep", "infinity"]).ready()
        server = mesh.run("server", ["sleep", "infinity"], "--no-ready-check", ports=[str(HTTP1)]).ready()
        with serving(server, HTTP1, counting(Ledger())), client.http("server", HTTP1) as http:
            assert [ask(http, "POST", f"skew-{number}").status for number in range(5)] == [200] * 5
        shown = shown_by((server.ip, HTTP1), identity("server"))
        secured = server.metrics().total(
            "tcp_open_total", direction="inbound", peer="src", client_id=identity("client")
        )
    assert secured >= 1
    lifetime = shown.not_valid_after_utc - datetime.now(UTC)
    assert abs(lifetime - timedelta(hours=24, seconds=seconds)) < timedelta(seconds=TOLERATED_S - 1), "it has our time"


def python_path() -> list[str]:
    return [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
