"""A whole run, inside of the bench's namespaces."""

import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path

from bench import (
    campaign,
    certificates,
    control_plane,
    distance,
    flame,
    inside,
    load,
    machine,
    memory,
    mesh,
    needs,
    path,
    planes,
    ports,
    start,
    train,
)
from bench.cases import MEMORY, PATH, SMALL, START, WORKERS, Case, Effort
from bench.gauge import Gauge
from bench.goals import Facts, judge
from bench.processes import BenchFailed, Processes
from bench.report import Report
from hauberk.host.user import PROXY_UID

_STARTS = 5


def run(effort: Effort, names: Sequence[str]) -> Report:
    """Measures the named planes. Raises BenchFailed and Missing."""
    built = needs.find()
    tools = inside.furnish(built)
    quiet = machine.look(busy=machine.wait_until_quiet(effort.patience_s, say))
    site, plane, ready_s = _open(tools, effort.starts)
    real = site.mesh
    say(f"starting {', '.join(names)}")
    compared = [planes.build(name, site) for name in names]
    effort, compared = _with_workers(effort, compared, site.processes, tools)
    facts = _measure(effort, compared, _gauge(tools), site.processes)
    about = control_plane.ControlPlane(ready_s, effort.starts, control_plane.memory_mb(plane))
    facts = dataclasses.replace(facts, control_plane=about)
    if PATH in effort.questions:
        facts = dataclasses.replace(facts, paths=_paths(real, compared, effort.rounds))
    if START in effort.questions and planes.HAUBERK in names:
        say("start of a proxy")
        taken = start.measure(real, tools.proxy, _STARTS)
        facts = dataclasses.replace(facts, start=taken, binary_mb=start.binary_mb(tools.proxy))
    shown = {name: _shown(path) for name, path in dataclasses.asdict(built).items() if name != "envoy"}
    return Report(quiet, shown, facts, real.supervisor_mb, judge(facts))


def profile(case: Case, seconds: int, target: Path) -> None:
    """Draws where Hauberk's proxies spend their time in a case. Raises BenchFailed and Missing."""
    tools = inside.furnish(needs.find())
    site, _, _ = _open(tools, starts=1)
    plane, gauge = planes.build(planes.HAUBERK, site), _gauge(tools)
    gauge.wait_for_answers(plane)
    say(f"profile of {case}")
    flame.record(plane, case, gauge.tools, seconds, target)


def teach(effort: Effort, folder: Path) -> None:
    """Runs the cases with the instrumented builds of proxy and relay in a folder. What they count is left there."""
    tools = inside.furnish(needs.find())
    site, _, _ = _open(tools, starts=1, proxy=train.furnish(tools, folder))
    trained, gauge = [planes.build(name, site) for name in (planes.HAUBERK, planes.RELAY)], _gauge(tools)
    for plane in trained:
        gauge.wait_for_answers(plane)
    say(f"{len(effort.cases)} cases, {effort.seconds} s each")
    train.carry(trained, effort, gauge)
    train.end(trained, folder)


def _open(tools: needs.Tools, starts: int, proxy: Path | None = None) -> tuple[planes.Site, int, float]:
    """A mesh, and room for other planes beside it; the control plane's id, and the seconds that it took to start."""
    processes, secrets = Processes(inside.FOLDER / "said"), inside.FOLDER / "certificates"
    say("starting the mesh")
    plane, ready_s = control_plane.start(processes, starts)
    pair = mesh.start(processes, "one", tools.proxy, proxy)
    certificates.write(secrets, PROXY_UID)
    return planes.Site(processes, pair, secrets), plane, ready_s


def _measure(effort: Effort, compared: Sequence[planes.Plane], gauge: Gauge, processes: Processes) -> Facts:
    with_proxies = [plane for plane in compared if any(way.pair for way in plane.ways.values())]
    asked = [p for p in with_proxies if MEMORY in effort.questions and memory.can_be_asked(p)]
    idle = {plane.name: memory.idle_mb(plane) for plane in asked}
    try:
        for plane in compared:
            gauge.wait_for_answers(plane)
    except BenchFailed as failed:
        raise BenchFailed(f"{failed}\n{processes.last_words()}") from failed
    held = [memory.measure_plane(plane, gauge, idle[plane.name], effort.scale, say) for plane in asked]
    results = campaign.run(compared, effort, gauge, say)
    return Facts(results, held)


def _paths(real: mesh.Mesh, compared: Sequence[planes.Plane], rounds: int) -> list[path.Path]:
    """Last of all: from then on the mesh's new connections are slow."""
    say("a large body over a long way")
    distance.divert(real.client, real.server_ip, ports.INBOUND, ports.FAR_MESH_WAY)
    return path.measure(compared, rounds)


def _with_workers(
    effort: Effort, compared: list[planes.Plane], processes: Processes, tools: needs.Tools
) -> tuple[Effort, list[planes.Plane]]:
    """With the pair that has two workers, where that is asked; its case is measured then, whichever others are."""
    if WORKERS not in effort.questions or planes.HAUBERK not in [plane.name for plane in compared]:
        return effort, compared
    wrapper = inside.BIN / "two-workers"
    wrapper.write_text(f'#!/bin/sh\nexec env LINKERD2_PROXY_CORES=2 {tools.proxy} "$@"\n')
    wrapper.chmod(0o755)
    pair = mesh.start(processes, "two", tools.proxy, wrapper)
    cases = tuple(dict.fromkeys((*effort.cases, planes.WORKERS_CASE)))
    return dataclasses.replace(effort, cases=cases), [*compared, planes.with_two_workers(pair)]


def _gauge(tools: needs.Tools) -> Gauge:
    message = inside.FOLDER / "message"
    message.write_bytes(load.message(SMALL))
    return Gauge(load.Generators(tools.rate, tools.stream, message, inside.FOLDER / "h2load.log"))


def say(text: str) -> None:
    """Progress; standard output is for the result."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def _shown(path: Path) -> str:
    return str(path.relative_to(needs.ROOT)) if path.is_relative_to(needs.ROOT) else str(path)
