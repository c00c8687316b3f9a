"""How much passed, how well, how fast: the numbers that every table of traffic shows."""

from dataclasses import dataclass, field

from hauberk.telemetry.quantile import quantile
from hauberk.telemetry.sample import Sample

RESPONSES = "response_total"
# From 50 µs on; the family that Linkerd's dashboards read begins at 1 ms, too coarse for a hop inside one machine.
LATENCY_BUCKETS = "hauberk_response_latency_seconds_bucket"
CONNECTIONS_OPEN = "tcp_open_connections"
CONNECTIONS_OPENED = "tcp_open_total"
BYTES_READ = "tcp_read_bytes_total"
BYTES_WRITTEN = "tcp_write_bytes_total"
DENIED = ("inbound_http_authz_deny_total", "inbound_tcp_authz_deny_total")

FAMILIES = frozenset(
    {RESPONSES, LATENCY_BUCKETS, CONNECTIONS_OPEN, CONNECTIONS_OPENED, BYTES_READ, BYTES_WRITTEN, *DENIED},
)
"""All that the questions about traffic need; a reader may skip the rest."""


@dataclass(slots=True)
class Traffic:
    """Sums over any set of series. Filled while reading, then only asked."""

    responses: float = 0.0
    failures: float = 0.0
    statuses: dict[str, float] = field(default_factory=dict)
    """Responses by status code, so that a refusal (403) is not taken for an answer."""
    buckets: dict[float, float] = field(default_factory=dict)
    denied: float = 0.0
    connections_open: float = 0.0
    connections_opened: float = 0.0
    read_bytes: float = 0.0
    written_bytes: float = 0.0
    seconds: float = 0.0

    def add(self, sample: Sample, seconds: float) -> None:
        """Counts a sample in. `seconds`: how long the change it belongs to took."""
        name, labels, value = sample.series.name, sample.series.labels, sample.value
        self.seconds = max(self.seconds, seconds)
        if name == RESPONSES:
            self.responses += value
            if labels.get("classification") == "failure":
                self.failures += value
            status = labels.get("status_code", "")
            self.statuses[status] = self.statuses.get(status, 0.0) + value
        elif name == LATENCY_BUCKETS:
            bound = float(labels.get("le", "inf"))
            self.buckets[bound] = self.buckets.get(bound, 0.0) + value
        elif name in DENIED:
            self.denied += value
        elif name == CONNECTIONS_OPEN:
            self.connections_open += value
        elif name == CONNECTIONS_OPENED:
            self.connections_opened += value
        elif name == BYTES_READ:
            self.read_bytes += value
        elif name == BYTES_WRITTEN:
            self.written_bytes += value

    @property
    def success_rate(self) -> float | None:
        """From 0 to 1; None without responses."""
        return None if self.responses <= 0 else (self.responses - self.failures) / self.responses

    @property
    def rps(self) -> float | None:
        """Responses per second; None without responses."""
        return None if self.responses <= 0 or self.seconds <= 0 else self.responses / self.seconds

    def latency_s(self, q: float) -> float | None:
        """Seconds to the response's head, at the quantile `q`; None without responses."""
        return quantile(q, self.buckets)

    @property
    def seen(self) -> bool:
        """Whether anything passed at all."""
        return any((self.responses, self.denied, self.connections_open, self.connections_opened))
