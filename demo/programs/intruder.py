"""The demo's intruder: asks `web` twice a second and prints the status that it gets, or 000 for no answer."""

import http.client
import time

INTERVAL_S = 0.5
TIMEOUT_S = 5.0


def ask() -> int:
    connection = http.client.HTTPConnection("web", timeout=TIMEOUT_S)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def main() -> None:
    while True:
        print(f"{ask():03}", flush=True)
        time.sleep(INTERVAL_S)


if __name__ == "__main__":
    main()
