"""A program says goodbye (GOAWAY) on each connection after a few requests, while many are under way."""

import subprocess
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
from conformkit.pages import nginx
from meshkit import namespace
from meshkit.mesh import Mesh
from meshkit.workload import Workload

REQUESTS = 3000


@pytest.fixture(scope="module", params=[20, 200])
def each(request: pytest.FixtureRequest) -> int:
    """Requests that a connection of the program carries."""
    return int(request.param)


@pytest.fixture(scope="module")
def pages(mesh: Mesh, each: int) -> Iterator[Workload]:
    with nginx(mesh, f"goodbyes-{each}", "http2", requests=each) as pages:
        yield pages


@pytest.mark.parametrize("streams", [1, 20])
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("way", ["plain", "mesh"])
def test_nothing_is_lost(
    mesh: Mesh, client: Workload, pages: Workload, each: int, tmp_path: Path, way: str, method: str, streams: int
) -> None:
    """Nor what may not be repeated: who says goodbye says what was not taken up (RFC 9113, 6.8)."""
    url = f"http://{pages.ip}:8080" if way == "plain" else f"http://{mesh.api.service_address(f'goodbyes-{each}')}:80"
    load = ["h2load", f"--requests={REQUESTS}", "--clients=5", f"--max-concurrent-streams={streams}"]
    if method == "POST":
        (tmp_path / "body").write_bytes(bytes(3000))
        load.append(f"--data={tmp_path / 'body'}")
    before = connections(pages)
    with nullcontext() if way == "plain" else namespace.visiting(client.program()):
        # A child is in the namespace of the thread that started it.
        done = subprocess.run([*load, f"{url}/echo"], capture_output=True, timeout=60, check=False)
    said = done.stdout.decode()
    assert f"{REQUESTS} succeeded, 0 failed, 0 errored, 0 timeout" in said, said
    assert f"status codes: {REQUESTS} 2xx" in said, said
    assert connections(pages) - before >= REQUESTS / each / 2, "it did not say goodbye"


def connections(pages: Workload) -> float:
    return pages.metrics().total("tcp_open_total", direction="inbound", peer="dst", target_addr=f"{pages.ip}:8080")
