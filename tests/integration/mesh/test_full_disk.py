"""The disk is full: who wanted to write is told so, and everybody else goes on."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from meshkit.load import Load
from meshkit.manifests import accounts
from meshkit.mesh import HAUBERK, Mesh
from meshkit.start import a_mesh, run_server

SIZE = 3 * 1024 * 1024


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A small one, for the control plane's state alone."""
    place = tmp_path_factory.mktemp("disk")
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(place)], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


@contextmanager
def full(disk: Path) -> Iterator[None]:
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while file.write(b"x" * 4096):
                pass
        except OSError:
            pass
    yield
    ballast.unlink()


@pytest.fixture(scope="module")
def small(disk: Path) -> Iterator[Mesh]:
    with a_mesh({"HAUBERK_STATE_DIR": str(disk / "state")}) as mesh:
        yield mesh


def test_writes_are_refused_with_the_reason_and_traffic_goes_on(disk: Path, small: Mesh) -> None:
    client, shop = small.run("client", ["sleep", "infinity"]), run_server(small, "shop")
    client.ready()
    shop.ready()
    with Load(lambda: client.http("shop.default.svc.cluster.local")) as load:
        with full(disk):
            # Small writes may still find room in what the store has reserved.
            said = next(filter(None, (refusal(small, number) for number in range(200))), "")
            assert "full" in said
            assert "Traceback" not in said
            late = small.run("late", ["true"])
            assert late.wait() == 125
            assert "full" in late.said()
            load.go_on(100)
        load.go_on(50)
    assert load.failures == []
    small.apply(accounts("after", "client"))
    assert small.run("later", ["true"]).wait() == 0
    assert "Traceback" not in small.said()


def refusal(mesh: Mesh, number: int) -> str:
    """What is said when one more resource is written; empty if it is taken."""
    names = [f"account-{number}-{n}" for n in range(50)]
    body = {**accounts(f"many-{number}", *names), "metadata": {"namespace": "default", "name": f"many-{number}"}}
    try:
        path = "/apis/policy.linkerd.io/v1alpha1/namespaces/default/meshtlsauthentications"
        mesh.api.call("POST", path, body)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is shown
        return str(error)
    return ""


def test_a_control_plane_does_not_start_on_a_full_disk_and_says_why(disk: Path, small: Mesh, tmp_path: Path) -> None:
    fresh = {**small.environ, "HAUBERK_STATE_DIR": str(disk / "fresh"), "HAUBERK_RUNTIME_DIR": str(tmp_path / "run")}
    fresh["HAUBERK_SOCKET"] = str(tmp_path / "run" / "api.sock")
    with full(disk):
        tried = subprocess.run([*HAUBERK, "up"], env=fresh, capture_output=True, text=True, timeout=30, check=False)
    assert tried.returncode == 1, tried
    assert "No space left on device" in tried.stderr or "full" in tried.stderr
    assert "hint: " in tried.stderr
    assert "Traceback" not in tried.stderr
