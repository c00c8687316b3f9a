"""When the heartbeat beats: `hauberk.view.v1.Views` confirms the revision that all answers reflect. Pure."""

from collections.abc import Callable
from dataclasses import dataclass

from hauberk.catalog.snapshot import Version

INTERVAL_S = 5.0
"""A proxy whose stream is silent for longer acts on views of a known age."""


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """What is confirmed, and how often."""

    applied: tuple[Callable[[], Version], ...]
    """Of each service of the proxy API: the version that all its answers reflect."""
    interval_s: float = INTERVAL_S

    @property
    def interval_ms(self) -> int:
        return round(self.interval_s * 1000)

    def version(self) -> Version:
        """The oldest of them: a confirmation never promises what some answer does not show yet."""
        return min((applied() for applied in self.applied), key=lambda version: version.revision)
