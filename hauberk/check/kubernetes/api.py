"""Does the API server answer, in time, and is it new enough? Pure."""

from dataclasses import dataclass

from hauberk.check.kubernetes.versions import major_minor
from hauberk.check.report import Category, Check, verdict

SLOW_S = 1.0
OLDEST = (1, 30)
"""Of Kubernetes: native sidecars that keep a Job from hanging, and what the manifests use."""


@dataclass(frozen=True, slots=True)
class ApiFacts:
    """What one question for its version came to."""

    round_trip_s: float = 0.0
    version: str = ""
    """As in v1.35.4+k3s1."""
    error: str = ""
    """Why there was no answer."""
    hint: str = ""


def api(facts: ApiFacts) -> list[Category]:
    """Only the first check where nobody answers."""
    name = "kubernetes-api"
    answers = verdict("the Kubernetes API answers", facts.error, facts.hint)
    if answers.outcome == "error":
        return [Category(name, (answers,))]
    return [
        Category(name, (answers, _in_time(facts.round_trip_s))),
        Category("kubernetes-version", (_new_enough(facts.version),)),
    ]


def _in_time(round_trip_s: float) -> Check:
    took = f" ({round_trip_s * 1000:.0f} ms)" if round_trip_s <= SLOW_S else ""
    return verdict(
        f"the Kubernetes API answers within {SLOW_S:.0f} s" + took,
        f"the API server is slow: its answer took {round_trip_s:.1f} s" if round_trip_s > SLOW_S else None,
        "changes reach proxies late, and new pods wait for the injector: see how busy the API server and etcd are "
        "(kubectl get --raw '/readyz?verbose'), and the way to them",
        outcome="warning",
    )


def _new_enough(version: str) -> Check:
    description = f"Kubernetes is {OLDEST[0]}.{OLDEST[1]} or later"
    found = major_minor(version)
    if found is None:
        hint = "see that the address is that of a Kubernetes API server: kubectl version"
        return Check(description, "warning", f"its version cannot be understood: {version!r}", hint)
    hint = "upgrade the cluster first, control plane before nodes"
    return verdict(description, f"it is {version}" if found < OLDEST else None, hint)
