"""`python -m bench.fetch HOST:PORT SIZE`: how many seconds a small and then a large body take on one connection.

A small one comes first of all and is not timed: by then whatever has to be opened or learned on the way is there.
"""

import sys
import time

from bench import plain
from bench.cases import SMALL


def main(address: str, size: int) -> None:
    connection = plain.connect(address)
    plain.get(connection)
    for each in (SMALL, size):
        began = time.monotonic()
        plain.get(connection, each)
        print(time.monotonic() - began)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
