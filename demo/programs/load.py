"""The demo's load: ordinary HTTP/1.1 clients with kept connections. Each request's outcome is a line of JSON.

It never retries: what it sees is what a program without any help sees.
"""

import http.client
import itertools
import json
import sys
import threading
import time

HOST = "web"
CLIENTS = 6
INTERVAL_S = 0.1
"""Each client begins a request this often; a slow answer delays its next one."""
TIMEOUT_S = 10.0


def run(name: str, out: threading.Lock) -> None:
    connection = http.client.HTTPConnection(HOST, timeout=TIMEOUT_S)
    for number in itertools.count(1):
        about = f"{name}-{number}"
        began = time.monotonic()
        record: dict[str, object] = {"id": about, "at": began}
        try:
            connection.request("GET", "/", headers={"x-request-id": about})
            response = connection.getresponse()
            response.read()
            record["status"] = response.status
            record["by"] = response.getheader("x-served-by")
            record["on_purpose"] = response.getheader("x-fault") == "on-purpose"
            record["why"] = response.getheader("l5d-proxy-error")
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            record["error"] = repr(error)
        ended = time.monotonic()
        record["ended"] = ended
        with out:
            sys.stdout.write(json.dumps(record) + "\n")
            sys.stdout.flush()
        time.sleep(max(0.0, began + INTERVAL_S - ended))


def main() -> None:
    out = threading.Lock()
    threads = [threading.Thread(target=run, args=(f"c{n}", out)) for n in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
