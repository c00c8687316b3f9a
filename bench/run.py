"""A whole run, inside of the bench's namespaces."""

import sys
from collections.abc import Sequence
from pathlib import Path

from bench import campaign, certificates, inside, machine, mesh, needs, planes
from bench.cases import Effort
from bench.gauge import Gauge
from bench.goals import judge
from bench.processes import BenchFailed, Processes
from bench.report import Report
from hauberk.host.user import PROXY_UID


def run(effort: Effort, names: Sequence[str]) -> Report:
    """Measures the named planes. Raises BenchFailed and Missing."""
    tools = needs.find()
    quiet = machine.look(load=machine.wait_until_quiet(effort.patience_s, say))
    processes = Processes(inside.FOLDER / "said")
    say("starting the mesh")
    control_plane, ready_s = mesh.start_control_plane(processes, effort.starts)
    real = mesh.start(processes, control_plane, tools.proxy)
    certificates.write(inside.FOLDER / "certificates", PROXY_UID)
    relay, envoy = planes.open_to_all(tools)
    site = planes.Site(processes, real, inside.FOLDER / "certificates", relay, envoy)
    say(f"starting {', '.join(names)}")
    compared = [planes.build(name, site) for name in names]
    gauge = Gauge(client=real.client, rate=tools.rate)
    try:
        for plane in compared:
            gauge.wait_for_answers(plane)
    except BenchFailed as failed:
        raise BenchFailed(f"{failed}\n{processes.last_words()}") from failed
    results = campaign.run(compared, effort, gauge, say)
    about = mesh.ControlPlane(ready_s, effort.starts, mesh.control_plane_mb(control_plane))
    return Report(
        machine=quiet,
        binaries={"proxy": _shown(tools.proxy), "relay": _shown(tools.relay), "rate": _shown(tools.rate)},
        results=results,
        control_plane=about,
        supervisor_mb=real.supervisor_mb,
        goals=judge(results, about),
    )


def say(text: str) -> None:
    """Progress; standard output is for the result."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def _shown(path: Path) -> str:
    return str(path.relative_to(needs.ROOT)) if path.is_relative_to(needs.ROOT) else str(path)
