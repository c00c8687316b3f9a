"""A talk with the program that greets its clients (programs/server.py): the server speaks first."""

import socket

_PATIENCE_S = 10


def talk(connection: socket.socket) -> None:
    """Hears the greeting, says a line and hears it again."""
    connection.settimeout(_PATIENCE_S)
    lines = connection.makefile("rwb")
    assert lines.readline() == b"220 what do you want\r\n"
    lines.write(b"HELO\r\n")
    lines.flush()
    assert lines.readline() == b"HELO\r\n"
