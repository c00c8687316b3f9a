"""MySQL's protocol: the server greets, the client answers, and where both want it TLS begins in the middle."""

import hashlib
import subprocess
from collections.abc import Iterator

import pytest
from meshkit import tls
from meshkit.mesh import Mesh
from meshkit.tls import identity
from meshkit.until import WITHIN_S
from meshkit.workload import Workload

PORT = 7306
"""Not the usual one, which is opaque by default: nobody said anything about it."""
CONNECT_TIMEOUT_S = 5
"""Half of what a client that waits for its server would wait for if nobody dialled that."""
BIG = 3_000_000


@pytest.fixture(scope="module")
def db(mesh: Mesh, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workload]:
    """An empty server without accounts."""
    data = tmp_path_factory.mktemp("db")
    own = tls.leaf(tls.foreign_issuer(), "db.example", data / "own.pem")
    words = ["mariadbd", "--no-defaults", "--user=root", f"--datadir={data}", f"--socket={data}/sock", f"--port={PORT}"]
    words += ["--bind-address=*", "--skip-name-resolve", "--skip-grant-tables", "--skip-networking=0"]
    words += ["--innodb=off", "--default-storage-engine=Aria", f"--ssl-cert={own}", f"--ssl-key={own}"]
    db = mesh.run("db", words, ports=[str(PORT)]).ready()
    yield db
    db.stop()


def asking(address: str, *options: str) -> list[str]:
    """A client that prints the values of the statements on its standard input."""
    where = [f"--host={address}", f"--port={PORT}", "--protocol=tcp", f"--connect-timeout={CONNECT_TIMEOUT_S}"]
    return ["mariadb", "--no-defaults", "--batch", "--skip-column-names", *where, *options]


def ask(client: Workload, address: str, statements: str, *options: str) -> str:
    done = client.execute(*asking(address, *options), given=statements.encode())
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


@pytest.mark.parametrize("by", ["service", "pod"])
def test_what_is_stored_comes_back(mesh: Mesh, client: Workload, db: Workload, by: str) -> None:
    address = mesh.api.service_address("db") if by == "service" else db.ip
    body = by * (BIG // len(by))
    assert ask(client, address, f"create database {by};") == ""
    stored = "create table kept (body longtext); insert into kept values ('" + body + "');"  # noqa: S608
    assert ask(client, address, stored, by) == ""
    digest = hashlib.md5(body.encode(), usedforsecurity=False).hexdigest()
    assert ask(client, address, "select md5(body), body from kept;", by) == f"{digest}\t{body}\n"
    opened = {"direction": "inbound", "peer": "src", "tls": "true", "client_id": identity("client")}
    assert db.metrics().total("tcp_open_total", **opened, target_addr=f"{db.ip}:{PORT}") >= 2


def test_tls_may_begin_after_the_greeting(mesh: Mesh, client: Workload, db: Workload) -> None:
    address = mesh.api.service_address(db.name)
    version = "show session status like 'Ssl_version';"
    assert ask(client, address, version, "--ssl").startswith("Ssl_version\tTLSv1.")
    assert ask(client, address, version, "--skip-ssl") == "Ssl_version\t\n"


def test_a_client_in_no_mesh_is_greeted_as_well(db: Workload) -> None:
    done = subprocess.run(asking(db.ip), input=b"select 1 + 1;", capture_output=True, timeout=WITHIN_S, check=False)
    assert (done.stdout, done.stderr) == (b"2\n", b"")
