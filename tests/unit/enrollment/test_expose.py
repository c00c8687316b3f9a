"""What the Service of a program says of its opaque ports."""

from typing import Any

from hauberk.catalog.ports import OPAQUE_PORTS
from hauberk.enrollment.expose import ServiceChange, expose
from hauberk.enrollment.mesh import Mesh
from hauberk.enrollment.request import EnrollmentSpec, PortRequest
from hauberk.model.service import Service


def exposed(mesh: Mesh, service: Service | None, *ports: tuple[int, int], opaque: str | None = None) -> Any:
    spec = EnrollmentSpec(
        name="web",
        ports=[PortRequest(port=port, target_port=target) for port, target in ports],
        annotations={} if opaque is None else {OPAQUE_PORTS: opaque},
    )
    return expose("default", spec, service, (), frozenset(), mesh)


def listed(change: Any) -> str | None:
    assert isinstance(change, ServiceChange)
    return change.service.metadata.annotations.get(OPAQUE_PORTS)


def test_clients_read_of_the_service_which_of_the_programs_ports_are_opaque(mesh: Mesh) -> None:
    made = exposed(mesh, None, (80, 8080), (90, 9000), (25, 25), opaque="9000-9010,25")
    assert listed(made) == "25,90"


def test_without_an_annotation_the_defaults_of_the_mesh_hold(mesh: Mesh) -> None:
    assert listed(exposed(mesh, None, (25, 25))) is None


def test_an_empty_list_says_that_none_is(mesh: Mesh) -> None:
    assert listed(exposed(mesh, None, (25, 25), opaque="")) == ""


def test_a_replica_changes_its_own_ports_only(mesh: Mesh) -> None:
    first = exposed(mesh, None, (90, 9000), (91, 9001), opaque="9000,9001").service
    assert exposed(mesh, first, (90, 9000), opaque="9000") is None
    assert exposed(mesh, first, (90, 9000)) is None
    assert listed(exposed(mesh, first, (90, 9000), opaque="")) == "91"
