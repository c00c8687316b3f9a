"""The edges as a table: for the eye (rich) and for programs (JSON)."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from hauberk.demo.cast import Home
from hauberk.telemetry.identities import short
from hauberk.telemetry.query import Edge


def table(edges: Sequence[Edge], title: str, home: Home) -> Table:
    view = Table(title=title, caption=f"identities end in {home.identity_suffix}", title_justify="left")
    view.add_column("EDGE")
    for name in ("SUCCESS", "RPS", "P50", "P95", "P99"):
        view.add_column(name, justify="right")
    view.add_column("CLIENT IDENTITY")
    view.add_column("SERVER IDENTITY")
    view.add_column("SECURED", justify="center")
    for edge in edges:
        traffic = edge.traffic
        view.add_row(
            f"{edge.source.name} → {edge.destination.name}",
            _success(edge),
            "tcp" if traffic.rps is None else f"{traffic.rps:.1f}",
            *(_latency(traffic.latency_s(q)) for q in (0.50, 0.95, 0.99)),
            _identities(edge.client_ids),
            _identities(edge.server_ids),
            mark(well=edge.secured and bool(edge.client_ids)),
        )
    return view


def mark(*, well: bool) -> Text:
    """The glyphs of `hauberk check`."""
    return Text("√", style="green") if well else Text("×", style="red")  # noqa: RUF001 - not a letter


def as_json(edges: Sequence[Edge]) -> list[dict[str, object]]:
    return [
        {
            "source": edge.source.name,
            "destination": edge.destination.name,
            "namespace": edge.destination.namespace,
            "requests": edge.traffic.responses,
            "success_rate": edge.traffic.success_rate,
            "statuses": edge.traffic.statuses,
            "rps": edge.traffic.rps,
            "latency_ms": {
                name: None if (seconds := edge.traffic.latency_s(q)) is None else round(seconds * 1000, 3)
                for name, q in (("p50", 0.50), ("p95", 0.95), ("p99", 0.99))
            },
            "tcp_connections": edge.traffic.connections_opened,
            "client_identities": sorted(edge.client_ids),
            "server_identities": sorted(edge.server_ids),
            "secured": edge.secured,
        }
        for edge in edges
    ]


def _success(edge: Edge) -> Text:
    rate = edge.traffic.success_rate
    if rate is None:
        return Text("-")
    refused = edge.traffic.statuses.get("403", 0.0)
    if refused and refused == edge.traffic.responses:
        return Text("refused", style="red")
    return Text(f"{rate * 100:.2f}%", style="green" if rate == 1 else "yellow")


def _latency(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    return f"{seconds * 1000:.2f} ms" if seconds < 0.01 else f"{seconds * 1000:.0f} ms"


def _identities(names: set[str]) -> str:
    return "\n".join(short(name) for name in sorted(names)) or "-"
