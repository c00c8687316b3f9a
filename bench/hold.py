"""`python -m bench.hold HOST:PORT`: keeps as many idle connections open as standard input says, one number a line.

Each carries one request first. Answers a line with the same number when it is so.
"""

import sys
from typing import TYPE_CHECKING

from bench import plain

if TYPE_CHECKING:
    from socket import socket


def main(address: str) -> None:
    held: list[socket] = []
    for line in sys.stdin:
        wanted = int(line)
        while len(held) < wanted:
            connection = plain.connect(address)
            plain.get(connection)
            held.append(connection)
        while len(held) > wanted:
            held.pop().close()
        print(wanted, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
