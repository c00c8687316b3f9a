"""What the project has set itself, and whether a run shows it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bench.cases import LOADED, Case
from bench.mesh import ControlPlane
from bench.planes import ENVOYS, HAUBERK, RELAY
from bench.result import Result

RELAY_RATIO_MAX = 1.6
ENVOY_RATIO_MAX = 0.6
PROXY_MB_MAX = 18.0
CONTROL_PLANE_READY_S_MAX = 2.0
CONTROL_PLANE_MB_MAX = 150.0


@dataclass(frozen=True, slots=True)
class Goal:
    what: str
    value: float
    maximum: float

    @property
    def met(self) -> bool:
        return self.value <= self.maximum


def judge(results: Sequence[Result], control_plane: ControlPlane) -> list[Goal]:
    goals: list[Goal] = []
    for case in dict.fromkeys(result.case for result in results if result.case.connections == LOADED):
        goals.extend(_loaded(case, {r.plane: r for r in results if r.case == case}))
    goals.append(Goal("failed requests through Hauberk", _failed(r for r in results if r.plane == HAUBERK), 0))
    goals.append(Goal("control plane, ready after s", control_plane.ready_s, CONTROL_PLANE_READY_S_MAX))
    goals.append(Goal("control plane, RSS in MB", control_plane.rss_mb, CONTROL_PLANE_MB_MAX))
    return goals


def _loaded(case: Case, planes: dict[str, Result]) -> Iterator[Goal]:
    ours = _cpu(planes.get(HAUBERK))
    relay = _cpu(planes.get(RELAY))
    envoy = min((cpu for name in ENVOYS if (cpu := _cpu(planes.get(name))) is not None), default=None)
    if ours is not None and relay is not None:
        yield Goal(f"{case}: CPU, times the relay pair's", ours / relay, RELAY_RATIO_MAX)
    if ours is not None and envoy is not None:
        yield Goal(f"{case}: CPU, times the better Envoy pair's", ours / envoy, ENVOY_RATIO_MAX)
    if HAUBERK in planes and (rss := planes[HAUBERK].saturated.rss_mb) is not None:
        yield Goal(f"{case}: RSS in MB", rss, PROXY_MB_MAX)


def _cpu(result: Result | None) -> float | None:
    return None if result is None else result.saturated.cpu_us_per_request


def _failed(results: Iterable[Result]) -> int:
    return sum(r.saturated.errors + (r.steady.errors if r.steady else 0) for r in results)
