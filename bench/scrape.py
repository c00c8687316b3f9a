"""`python -m bench.scrape HOST:PORT`: prints the metrics page of a proxy."""

import sys
from urllib.request import urlopen

_TIMEOUT_S = 10.0


def main(address: str) -> None:
    with urlopen(f"http://{address}/metrics", timeout=_TIMEOUT_S) as page:
        sys.stdout.write(page.read().decode())


if __name__ == "__main__":
    main(sys.argv[1])
