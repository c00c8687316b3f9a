"""h2spec, every case of it, against both sides of the proxy."""

from collections.abc import Iterator

import pytest
from conformkit import h2spec
from conformkit.pages import nginx
from meshkit.mesh import Mesh
from meshkit.workload import Workload

CASES = 146
INBOUND: dict[str, str] = {}
"""Cases that fail, and why that is right."""
OUTBOUND: dict[str, str] = {}


@pytest.fixture(scope="module")
def pages(mesh: Mesh) -> Iterator[Workload]:
    with nginx(mesh, "h2spec", "http2") as pages:
        yield pages


def test_the_inbound_proxy_is_a_server_of_http2(pages: Workload) -> None:
    report = h2spec.run(pages.ip, 8080, "/whole")
    assert (report.failed.keys(), report.passed) == (INBOUND.keys(), CASES - len(INBOUND)), str(report)


def test_the_outbound_proxy_is_a_server_of_http2(mesh: Mesh, client: Workload, pages: Workload) -> None:
    del pages
    report = h2spec.run(mesh.api.service_address("h2spec"), 80, "/whole", entering=client.entering())
    assert (report.failed.keys(), report.passed) == (OUTBOUND.keys(), CASES - len(OUTBOUND)), str(report)
