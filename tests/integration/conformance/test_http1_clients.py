"""Clients that everybody uses, and nginx as the program."""

import http.client
import io
import json
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext

import aiohttp
import httpx
import pytest
from conformkit.pages import BIG, nginx
from meshkit import namespace
from meshkit.mesh import Mesh
from meshkit.workload import Workload

Inside = Callable[[], AbstractContextManager[None]]


@pytest.fixture(scope="module")
def pages(mesh: Mesh) -> Iterator[Workload]:
    with nginx(mesh, "pages1") as pages:
        yield pages


@pytest.fixture(params=["plain", "mesh"])
def site(request: pytest.FixtureRequest, mesh: Mesh, client: Workload, pages: Workload) -> tuple[str, Inside]:
    """Where it is, and how to be where the client is."""
    if request.param == "plain":
        return f"{pages.ip}:8080", nullcontext
    return f"{mesh.api.service_address('pages1')}:80", lambda: namespace.visiting(client.program())


def test_http_client(site: tuple[str, Inside]) -> None:
    where, inside = site
    with inside():
        connection = http.client.HTTPConnection(where, timeout=10)
        for path, method, status in (("/big", "GET", 200), ("/big", "HEAD", 200), ("/none", "GET", 404)):
            connection.request(method, path)
            answer = connection.getresponse()
            body = answer.read()
            assert answer.status == status
            assert body == (BIG if (method, path) == ("GET", "/big") else body)
        connection.request("POST", "/echo", iter([b"a" * 1000] * 100), encode_chunked=True)
        assert connection.getresponse().status == 200
        connection.close()


def test_urllib_with_a_redirect(site: tuple[str, Inside]) -> None:
    where, inside = site
    with inside(), urllib.request.urlopen(f"http://{where}/gone", timeout=10) as answer:
        assert answer.read() == BIG


def test_httpx_with_compression_ranges_and_uploads(site: tuple[str, Inside]) -> None:
    where, inside = site
    with inside(), httpx.Client(base_url=f"http://{where}", timeout=10, trust_env=False) as client:
        page = client.get("/index.html")
        assert (page.headers["content-encoding"], page.content) == ("gzip", b"hello\n" * 1000)
        part = client.get("/big", headers={"range": "bytes=100-199", "accept-encoding": "identity"})
        assert (part.status_code, part.content) == (206, BIG[100:200])
        assert client.get("/index.html", headers={"if-none-match": page.headers["etag"]}).status_code == 304
        sized = client.post("/echo", content=BIG)
        assert sized.text.split() == ["POST", str(len(BIG))]
        assert client.put("/echo", content=iter([b"a"] * 100)).text.split() == ["PUT", "100"]


async def test_aiohttp_with_many_at_once(site: tuple[str, Inside]) -> None:
    where, inside = site
    with inside():
        async with aiohttp.ClientSession(f"http://{where}", timeout=aiohttp.ClientTimeout(10)) as session:
            for _ in range(20):
                async with session.get("/index.html") as answer:
                    assert await answer.read() == b"hello\n" * 1000
            async with session.post("/echo", data=io.BytesIO(BIG), expect100=True) as answer:
                assert (await answer.text()).split() == ["POST", str(len(BIG))]


def curl(site: tuple[str, Inside], *options: str, paths: tuple[str, ...] = ("/index.html",)) -> list[dict[str, object]]:
    """What curl saw of each."""
    where, inside = site
    with inside():
        # A child is in the namespace of the thread that started it.
        done = subprocess.run(
            [
                "curl",
                "-sS",
                "--noproxy",
                "*",
                "-m",
                "10",
                "-w",
                "%{stderr}%{json}\n",
                *options,
                *(f"http://{where}{path}" for path in paths),
            ],
            capture_output=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stderr.splitlines() if line.startswith(b"{")]


def test_curl_reuses_its_connection(site: tuple[str, Inside]) -> None:
    seen = curl(site, "-o", "/dev/null", "-o", "/dev/null", "-o", "/dev/null", paths=("/big", "/none", "/index.html"))
    assert [one["http_code"] for one in seen] == [200, 404, 200]
    assert [one["num_connects"] for one in seen] == [1, 0, 0]


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(["--http1.0"], id="HTTP/1.0"),
        pytest.param(["--head"], id="HEAD"),
        pytest.param(["-H", "Expect: 100-continue", "--data", "@/etc/services"], id="expecting"),
        pytest.param(["-T", "/etc/services", "-H", "Transfer-Encoding: chunked"], id="chunked"),
        pytest.param(["-H", "Connection: close"], id="closing"),
        pytest.param(["--compressed"], id="compressed"),
    ],
)
def test_curl(site: tuple[str, Inside], options: list[str]) -> None:
    (seen,) = curl(site, "-o", "/dev/null", *options, paths=("/echo" if len(options) > 3 else "/index.html",))
    assert seen["http_code"] == 200
