"""Where manifests are applied: a machine with `hauberk up`, and a cluster. Both have the same four programs.

Sites `one` and `two` (port 80, in fact 8080), and visitors `friend` and `stranger`; each has an account of its name.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from meshkit.mesh import Mesh
from meshkit.start import a_mesh
from meshkit.workload import Workload
from podkit import objects
from podkit.asking import ready
from podkit.kubectl import Kubectl

PROGRAMS = Path(__file__).parent / "programs"
SITES, VISITORS = ("one", "two"), ("friend", "stranger")
PORT = 8080

Document = Mapping[str, Any]
"""A manifest without a namespace."""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: str

    @property
    def by(self) -> str:
        """The site that gave it; empty if none did."""
        return self.headers.get("x-served-by", "")


class Stage(Protocol):
    @property
    def namespace(self) -> str:
        """Of all that is applied, and of all programs."""
        ...

    def apply(self, *documents: Document) -> str:
        """Returns what whoever applied it was told to be wrong; empty if it was taken."""
        ...

    def delete(self, kind: str, name: str) -> None:
        """`kind` as in kubectl."""
        ...

    def visit(self, visitor: str, words: list[str]) -> str:
        """What visit.py prints in the place of a visitor."""
        ...


def asked(
    stage: Stage, visitor: str, site: str, path: str, *, method: str = "GET", headers: Mapping[str, str] | None = None
) -> Answer:
    host = f"{site}.{stage.namespace}.svc.cluster.local"
    printed = stage.visit(visitor, [method, host, path, json.dumps(dict(headers or {}))])
    return Answer(**json.loads(printed))


class Machine:
    namespace = "default"

    def __init__(self, mesh: Mesh, visitors: Mapping[str, Workload]) -> None:
        self._mesh = mesh
        self._visitors = visitors

    def apply(self, *documents: Document) -> str:
        done = self._mesh.hauberk("apply", "-f", "-", given="\n---\n".join(map(json.dumps, documents)))
        return done.stderr if done.returncode else ""

    def delete(self, kind: str, name: str) -> None:
        done = self._mesh.hauberk("delete", kind, name)
        assert done.returncode == 0, done.stderr

    def visit(self, visitor: str, words: list[str]) -> str:
        done = self._visitors[visitor].execute(sys.executable, str(PROGRAMS / "visit.py"), *words)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()


@contextmanager
def machine() -> Iterator[Machine]:
    with a_mesh({}) as mesh:
        sites = [
            mesh.run(name, [sys.executable, str(PROGRAMS / "site.py"), name, str(PORT)], ports=[f"80:{PORT}"])
            for name in SITES
        ]
        visitors = {name: mesh.run(name, ["sleep", "infinity"]) for name in VISITORS}
        for workload in (*sites, *visitors.values()):
            workload.ready()
        yield Machine(mesh, visitors)


class Cluster:
    def __init__(self, kubectl: Kubectl, namespace: str) -> None:
        self._kubectl = kubectl
        self.namespace = namespace

    def apply(self, *documents: Document) -> str:
        given = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects.placed(documents, self.namespace)})
        done = self._kubectl.attempt("apply", "--filename", "-", given=given)
        return done.stderr if done.returncode else ""

    def delete(self, kind: str, name: str) -> None:
        self._kubectl("delete", "--namespace", self.namespace, kind, name)

    def visit(self, visitor: str, words: list[str]) -> str:
        return self._kubectl.exec(
            self.namespace, visitor, "program", ["/usr/bin/python3", "/programs/visit.py", *words]
        )


def cluster(kubectl: Kubectl, namespace: str) -> Cluster:
    """In a namespace that is in the mesh and has the programs (see `podkit.installed`)."""
    made: list[objects.Document] = [objects.account(name) for name in (*SITES, *VISITORS)]
    for name in SITES:
        container = objects.python("program", "site.py", name, str(PORT), port=PORT)
        made += [objects.deployment(name, objects.spec(container, account=name)), objects.service(name)]
    for name in VISITORS:
        container = objects.python("program", "sleep.py")
        made.append(objects.pod(name, objects.spec(container, account=name)))
    kubectl.apply(*objects.placed(made, namespace))
    for name in SITES:
        kubectl.rolled_out(namespace, f"deployment/{name}")
    for name in VISITORS:
        ready(kubectl, namespace, name)
    return Cluster(kubectl, namespace)
