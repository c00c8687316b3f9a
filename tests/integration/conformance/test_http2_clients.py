"""HTTP/2 clients that everybody uses, and nginx as the program."""

import re
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import httpx
import pytest
from conformkit.pages import BIG, nginx
from meshkit import namespace
from meshkit.mesh import Mesh
from meshkit.workload import Workload

Inside = Callable[[], AbstractContextManager[None]]
Site = tuple[str, Inside]


@pytest.fixture(scope="module")
def pages(mesh: Mesh) -> Iterator[Workload]:
    with nginx(mesh, "pages2", "http2") as pages:
        yield pages


@pytest.fixture(params=["plain", "mesh"])
def site(request: pytest.FixtureRequest, mesh: Mesh, client: Workload, pages: Workload) -> Site:
    """Its URL, and how to be where the client is."""
    if request.param == "plain":
        return f"http://{pages.ip}:8080", nullcontext
    return f"http://{mesh.api.service_address('pages2')}:80", lambda: namespace.visiting(client.program())


def run(inside: Inside, command: Sequence[str]) -> str:
    with inside():
        # A child is in the namespace of the thread that started it.
        done = subprocess.run(command, capture_output=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.decode(errors="replace")


def test_curl(site: Site, tmp_path: Path) -> None:
    url, inside = site
    file = tmp_path / "big"
    options = ("-sS", "--noproxy", "*", "--http2-prior-knowledge", "-w", "%{http_version} %{http_code}\n")
    assert run(inside, ("curl", *options, "-o", str(file), f"{url}/big")) == "2 200\n"
    assert file.read_bytes() == BIG
    assert run(inside, ("curl", *options, "-o", "/dev/null", "-T", str(file), f"{url}/echo")) == "2 200\n"
    assert run(inside, ("curl", *options, "-I", "-o", "/dev/null", f"{url}/none")) == "2 404\n"


def test_nghttp_with_priorities_padding_and_small_windows(site: Site) -> None:
    url, inside = site
    said = run(
        inside,
        (
            "nghttp",
            "-n",
            "-s",
            "--padding=100",
            "--window-bits=10",
            "--weight=200",
            "--multiply=10",
            f"{url}/index.html",
        ),
    )
    assert len(re.findall(r"\b200\b.*/index.html", said)) == 10


@pytest.mark.parametrize("streams", [1, 100])
def test_h2load(site: Site, streams: int) -> None:
    url, inside = site
    said = run(
        inside, ("h2load", "--requests=500", "--clients=5", f"--max-concurrent-streams={streams}", f"{url}/index.html")
    )
    assert "500 succeeded, 0 failed, 0 errored, 0 timeout" in said
    assert "status codes: 500 2xx" in said


def test_httpx(site: Site) -> None:
    url, inside = site
    with inside(), httpx.Client(base_url=url, http1=False, http2=True, timeout=10, trust_env=False) as client:
        page = client.get("/index.html")
        assert (page.http_version, page.content) == ("HTTP/2", b"hello\n" * 1000)
        assert client.post("/echo", content=BIG).text.split() == ["POST", str(len(BIG))]
