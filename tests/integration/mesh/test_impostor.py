"""Who is not the control plane, and who is not the workload that it says."""

import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest
from meshkit import tls
from meshkit.load import Load
from meshkit.manifests import accounts, authorization
from meshkit.manifests import server as policy_server
from meshkit.mesh import Mesh
from meshkit.start import PROGRAMS, a_mesh, run_server
from meshkit.tls import identity
from meshkit.tunnel import Tunnel
from meshkit.until import until
from meshkit.workload import Workload

from hauberk._api.linkerd import destination_pb2
from hauberk._api.linkerd.destination_pb2_grpc import DestinationStub

SHOP = "shop.default.svc.cluster.local"
SOON_S = 10.0
"""Proxies come back to a control plane that was away with growing pauses."""


@pytest.fixture(scope="module")
def own() -> Iterator[Mesh]:
    """A mesh whose control plane may be replaced."""
    with a_mesh({}) as mesh:
        yield mesh


@pytest.fixture(scope="module")
def shop(own: Mesh) -> Workload:
    return run_server(own, "shop")


@pytest.fixture(scope="module")
def caller(own: Mesh, shop: Workload) -> Workload:
    caller = own.run("caller", ["sleep", "infinity"]).ready()
    shop.ready()
    return caller


def test_nonsense_leaves_the_last_good_view_in_force_and_is_counted(
    own: Mesh, caller: Workload, shop: Workload, tmp_path: Path
) -> None:
    own.apply(
        policy_server("shop", 8080, "HTTP/1"),
        accounts("callers", "caller"),
        authorization("shop", ("Server", "shop-8080"), ("MeshTLSAuthentication", "callers")),
    )
    with Load(lambda: caller.http(SHOP)) as load:
        before = rejected(caller), rejected(shop)
        own.kill_control_plane()
        with impostor(own, tmp_path) as said:
            until("nonsense is counted", lambda: rejected(caller) > before[0] and rejected(shop) > before[1], seen=said)
            load.go_on(100)
        own.up()
        own.apply(accounts("callers", "somebody-else"))
        with caller.http(SHOP) as http:
            until("what the real one says holds", lambda: http.get("/").status == 403, within_s=SOON_S)
            own.apply(accounts("callers", "caller"))
            until("again", lambda: http.get("/").status == 200, within_s=SOON_S)
    refused = [failure for failure in load.failures if not failure.startswith("403 ")]
    assert refused == []


def rejected(workload: Workload) -> float:
    return workload.metrics().total("hauberk_view_rejected_total")


@contextmanager
def impostor(mesh: Mesh, tmp_path: Path) -> Iterator[Callable[[], str]]:
    credentials = tls.leaf(tls.mesh_issuer(mesh.state), tls.CONTROL_PLANE, tmp_path / "impostor.pem")
    address, port = mesh.slot.proxy_api
    words = [sys.executable, str(PROGRAMS / "impostor.py"), address, str(port), str(credentials)]
    said = tmp_path / "impostor.log"
    with said.open("wb") as log, subprocess.Popen(words, stdout=log, stderr=log) as process:
        try:
            until("the impostor listens", lambda: "listening" in said.read_text(), seen=said.read_text)
            yield said.read_text
        finally:
            process.kill()


def test_nobody_gets_the_views_of_another(own: Mesh, caller: Workload, shop: Workload, tmp_path: Path) -> None:
    """Also not by a header that only the front proxy may set."""
    named = tls.client(tls.leaf(tls.mesh_issuer(own.state), identity("caller"), tmp_path / "caller.pem"))
    nameless, forged = tls.client(None), {"l5d-client-id": identity("shop")}
    assert refusal(own, named, caller.pod) is None
    assert refusal(own, named, shop.pod) is grpc.StatusCode.PERMISSION_DENIED
    assert refusal(own, named, shop.pod, forged) is grpc.StatusCode.PERMISSION_DENIED
    assert refusal(own, nameless, shop.pod, forged) is grpc.StatusCode.UNAUTHENTICATED


def refusal(
    mesh: Mesh, who: ssl.SSLContext, pod: str, headers: Mapping[str, str] | None = None
) -> grpc.StatusCode | None:
    """How the control plane answers who asks for the endpoints that the pod sees; None if with an answer."""
    question = destination_pb2.GetDestination(path=f"{SHOP}:80", context_token=f'{{"ns":"default","pod":"{pod}"}}')
    with (
        Tunnel(mesh.slot.proxy_api, who, tls.CONTROL_PLANE) as tunnel,
        grpc.insecure_channel(tunnel.address) as channel,
    ):
        stream = DestinationStub(channel).Get(question, metadata=list((headers or {}).items()), timeout=10)
        try:
            next(stream)
        except grpc.RpcError as error:
            code: grpc.StatusCode = error.code()
            return code
        stream.cancel()
    return None
