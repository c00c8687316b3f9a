"""The time that a gRPC client gives a call: its server knows it, and hears when it is over."""

import json
import sys

from meshkit.start import PROGRAMS
from meshkit.until import until
from meshkit.workload import Workload

SECONDS = 1.0


def test_a_deadline_is_seen_at_the_other_end(client: Workload, server: Workload) -> None:
    server.ready()
    done = client.execute(sys.executable, str(PROGRAMS / "impatient.py"), "server:50051", str(SECONDS))
    assert done.returncode == 0, done.stderr.decode()
    outcomes = json.loads(done.stdout)
    assert 0 < outcomes["Left"] <= 100, "what the server thinks is left of 100 seconds"
    assert (outcomes["Wait"], outcomes["Trickle"]) == ("DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED")
    until(
        "both calls end at the server",
        lambda: all(f"{name} is over\n" in server.said() for name in ("Wait", "Trickle")),
    )
