"""What the injector has to know of the cluster, and whom it tells. The composition root fills it in."""

from dataclasses import dataclass
from typing import Literal, Protocol

from hauberk.injector.subject import Owner, Place


class Cluster(Protocol):
    """Answers from memory, as a rule: each pod of the cluster waits for it. Both raise Unanswerable."""

    async def place(self, namespace: str) -> Place | None:
        """None: there is no such namespace. One that is not known yet has to be asked for: it may just be made."""
        ...

    async def owner(self, namespace: str, owner: Owner) -> Owner | None:
        """Whose a ReplicaSet or a Job is: a Deployment, a CronJob; None where it is nobody's, or gone."""
        ...


@dataclass(frozen=True)
class Event:
    """Something that people should find at a workload (Event, core/v1)."""

    namespace: str
    owner: Owner
    reason: Literal["Injected", "InjectionSkipped", "InjectionFailed"]
    message: str
    warning: bool


class Recorder(Protocol):
    """Takes events, and drops what is too much: a pod never waits for one."""

    def record(self, event: Event) -> None:
        """Return at once."""
        ...
