"""What a socket is told by hand."""

import socket
import struct


def reset(sock: socket.socket) -> None:
    """Close it by a reset: a linger of zero (socket(7))."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def narrow(sock: socket.socket) -> None:
    """Let little wait in the kernel, so that it takes little until all stands still."""
    for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
        sock.setsockopt(socket.SOL_SOCKET, option, 16 * 1024)
