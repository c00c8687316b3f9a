"""What people see: progress lines, the live table, the verdict. Without a terminal there is no live table."""

from collections.abc import Sequence
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from hauberk.demo.cast import Home
from hauberk.demo.finding import Finding
from hauberk.demo.journal import Journal
from hauberk.demo.table import mark, table
from hauberk.runtime.clock import Clock
from hauberk.telemetry.query import Edge

PLAIN_WIDTH = 140


class Screen:
    def __init__(self, console: Console, home: Home, clock: Clock, *, keep_table: bool) -> None:
        """`keep_table`: whether the last live table stays to be seen."""
        self._console = console
        self._home = home
        self._clock = clock
        self._keep_table = keep_table
        self._began_s = clock.monotonic()
        self._live: Live | None = None

    @classmethod
    def standard(cls, home: Home, clock: Clock, *, keep_table: bool, stderr: bool = False) -> Self:
        console = Console(stderr=stderr)
        if not console.is_terminal:
            console = Console(stderr=stderr, width=PLAIN_WIDTH)
        return cls(console, home, clock, keep_table=keep_table)

    def say(self, text: str) -> None:
        """A line of progress."""
        seconds = self._clock.monotonic() - self._began_s
        self._console.print(Text(f"{seconds:6.1f} s  {text}"), soft_wrap=True)

    def show(self, edges: Sequence[Edge], journal: Journal) -> None:
        """The live table, in the place of the one before."""
        if not self._console.is_terminal:
            return
        if self._live is None:
            self._live = Live(console=self._console, auto_refresh=False, transient=not self._keep_table)
            self._live.start()
        self._live.update(Group(table(edges, "The last 10 seconds", self._home), *_notes(journal)), refresh=True)

    def close(self) -> None:
        """Ends the live table; lines are printed as before."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def final(self, edges: Sequence[Edge], title: str) -> None:
        self._console.print(table(edges, title, self._home))

    def verdict(self, found: Sequence[Finding]) -> None:
        """One line for each promise."""
        for finding in found:
            self._console.print(mark(well=finding.kept) + Text(f" {finding.promise}: {finding.seen}"), soft_wrap=True)

    def wrong(self, text: str) -> None:
        self._console.print(Text("error: ", style="red") + Text(text), soft_wrap=True)

    def hint(self, text: str) -> None:
        """What to do about it."""
        self._console.print(Text("hint: ", style="cyan") + Text(text), soft_wrap=True)


def _notes(journal: Journal) -> list[Text]:
    lost = sum(request.lost for request in journal.requests)
    asked = sum(journal.quotes.values())
    refused = ", ".join(f"{count} x {status}" for status, count in sorted(journal.refusals.items()))
    return [
        Text(f"load: {len(journal.requests)} requests, {lost} lost; asker: {asked} calls, {journal.quotes['OK']} OK"),
        Text(f"intruder: {refused or 'no answer yet'}"),
        Text("Ctrl-C ends it", style="dim"),
    ]
