"""One connection through the relay: two sockets, and what flows between them."""

import asyncio
import contextlib
import socket
import struct

from faultkit.fault import Cut, Direction, End, Meter
from faultkit.way import Way, Weather

_PIECE = 256 * 1024
_RESET = struct.pack("ii", 1, 0)


class Link:
    def __init__(self, near: socket.socket, far: socket.socket, weather: Weather) -> None:
        self.meters = {Direction.UP: Meter(), Direction.DOWN: Meter()}
        self._near, self._far, self._weather = near, far, weather
        self._tasks: list[asyncio.Task[None]] = []
        self.is_open = True

    def arm(self, cut: Cut) -> None:
        meter = self.meters[cut.direction]
        meter.arm(cut)
        if meter.is_cut:
            self.finish(cut.end)

    def disarm(self) -> None:
        for meter in self.meters.values():
            meter.disarm()

    async def run(self) -> None:
        """Carry bytes until both directions have ended, in order or not."""
        ways = {Direction.UP: (self._near, self._far), Direction.DOWN: (self._far, self._near)}
        with contextlib.suppress(asyncio.CancelledError):
            async with asyncio.TaskGroup() as group:
                for direction, (source, sink) in ways.items():
                    way = Way(self._weather)
                    self._tasks += [
                        group.create_task(self._read(source, way, self.meters[direction])),
                        group.create_task(self._write(way, sink, self.meters[direction])),
                    ]
        self.finish(End.FIN)

    def finish(self, end: End) -> None:
        """End it now, for both sides."""
        if not self.is_open:
            return
        self.is_open = False
        for task in self._tasks:
            task.cancel()
        for sock in (self._near, self._far):
            with contextlib.suppress(OSError):
                if end is End.RST:
                    # Closing with a linger of zero is a reset (socket(7)).
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                else:
                    # Closing with unread bytes is a reset as well; the end goes before it.
                    sock.shutdown(socket.SHUT_WR)
            sock.close()

    async def _read(self, source: socket.socket, way: Way, meter: Meter) -> None:
        loop = asyncio.get_running_loop()
        try:
            while not meter.is_cut:
                await self._weather.calm.wait()
                piece = await loop.sock_recv(source, _PIECE)
                await way.put(piece[: meter.take(len(piece))])
                if not piece:
                    return
            # What may pass, arrives.
            await way.put(b"")
        except OSError:
            # A reset goes on at once: what was on its way is lost with it.
            self.finish(End.RST)

    async def _write(self, way: Way, sink: socket.socket, meter: Meter) -> None:
        loop = asyncio.get_running_loop()
        try:
            while piece := await way.get():
                await self._weather.calm.wait()
                await loop.sock_sendall(sink, piece)
            if meter.is_cut and meter.end is not None:
                self.finish(meter.end)
            else:
                sink.shutdown(socket.SHUT_WR)
        except OSError:
            self.finish(End.RST)
