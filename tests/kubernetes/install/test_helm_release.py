"""A release of the chart in a real API server."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from apikit.server import ApiServer, an_api_server
from helm import CHART, Helm
from person import Person, Said

NAMESPACE = ("--namespace", "hauberk")
MUTATING = "mutatingwebhookconfiguration/linkerd-hauberk-proxy-injector"


@pytest.fixture
def person(bare: ApiServer, tmp_path: Path) -> Iterator[Person]:
    """In an empty cluster."""
    del bare
    with an_api_server() as server:
        yield Person(server, tmp_path)


def run(helm: Helm, person: Person, *words: str | Path) -> Said:
    said = person.run([str(helm.program), *map(str, words)])
    assert said.code == 0, said.err
    return said


def test_from_install_to_uninstall(helm: Helm, person: Person) -> None:
    run(helm, person, "install", "mesh", CHART, *NAMESPACE, "--create-namespace", "--set", "controllerReplicas=2")
    assert person.get("deployments", "{.items[*].spec.replicas}") == "2 2 2"
    bundle = '[{"op": "add", "path": "/webhooks/0/clientConfig/caBundle", "value": "Q0E="}]'
    person.kubectl("patch", MUTATING, "--type", "json", "--patch", bundle)

    refused = person.hauberk("upgrade")
    assert (refused.code, refused.out) == (1, "")
    assert "helm upgrade -n hauberk" in refused.err

    run(helm, person, "upgrade", "mesh", CHART, *NAMESPACE, "--values", CHART / "values-ha.yaml")
    assert person.get("deployments", "{.items[*].spec.replicas}") == "3 3 3"
    assert len(person.get("poddisruptionbudgets", "{.items[*].metadata.name}").split()) == 3
    assert person.get(MUTATING, "{.webhooks[0].clientConfig.caBundle}") == "Q0E="

    run(helm, person, "uninstall", "mesh", *NAMESPACE)
    assert person.get("deployments", "{.items[*].metadata.name}") == ""
    left = person.kubectl("get", "clusterroles", "--selector", "linkerd.io/control-plane-ns", "--output", "name")
    assert left.out == ""
