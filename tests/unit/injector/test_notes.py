"""Labels and annotations of an injected pod."""

from hashlib import sha256

import pytest
from injector_pods import ANCHORS, SHOP, WEB, injected, installation_of, pod

from hauberk.config.chart import Image, Proxy, ProxyInit, Values
from hauberk.injector.installation import Installation
from hauberk.injector.subject import Owner, Place, owner_in, read

OPAQUE = "config.linkerd.io/opaque-ports"


def metadata(document: dict[str, object], installation: Installation, **around: object) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = injected(document, installation, **around)["metadata"]  # type: ignore[arg-type]
    return found


def test_tools_find_the_mesh_the_namespace_and_the_workload(installation: Installation) -> None:
    assert metadata(pod(), installation)["labels"] == {
        "linkerd.io/control-plane-ns": "hauberk",
        "linkerd.io/workload-ns": "shop",
        "linkerd.io/proxy-deployment": "web",
    }
    assert metadata(pod(), installation, owner=None)["labels"].keys() == {
        "linkerd.io/control-plane-ns",
        "linkerd.io/workload-ns",
    }


@pytest.mark.parametrize(
    "kind", ["Deployment", "ReplicaSet", "ReplicationController", "StatefulSet", "DaemonSet", "Job", "CronJob"]
)
def test_each_kind_of_workload_has_its_label(kind: str, installation: Installation) -> None:
    labels = metadata(pod(), installation, owner=Owner(kind, "web.v1"))["labels"]
    assert labels[f"linkerd.io/proxy-{kind.lower()}"] == "web.v1"


@pytest.mark.parametrize(
    "owner",
    [
        Owner("Deployment", "a" * 64),
        Owner("Deployment", 'x",injected="y'),
        Owner("Deployment", "web\n"),
        Owner("Deployment", ""),
        Owner("Sneaky/../Kind", "web"),
        Owner("Rollout", "web"),
    ],
)
def test_a_workload_that_is_no_label_is_left_out(owner: Owner, installation: Installation) -> None:
    labels = metadata(pod(), installation, owner=owner)["labels"]
    assert labels.keys() == {"linkerd.io/control-plane-ns", "linkerd.io/workload-ns"}


def test_the_longest_name_stays_whole(installation: Installation) -> None:
    labels = metadata(pod(), installation, owner=Owner("Job", "a" * 63))["labels"]
    assert labels["linkerd.io/proxy-job"] == "a" * 63


def test_a_pod_says_what_was_done_to_it() -> None:
    installation = installation_of(Values(proxy=Proxy(image=Image(name="p", version="v9"))))
    assert metadata(pod(), installation)["annotations"] == {
        "linkerd.io/inject": "enabled",
        "linkerd.io/created-by": "hauberk/test",
        "linkerd.io/proxy-version": "v9",
        "linkerd.io/trust-root-sha256": sha256(ANCHORS.encode()).hexdigest(),
    }


def test_what_the_namespace_says_is_copied_and_the_pods_own_wins(installation: Installation) -> None:
    place = Place(
        "shop",
        {
            "linkerd.io/inject": "ingress",
            "config.linkerd.io/proxy-log-level": "debug",
            "config.linkerd.io/proxy-cpu-limit": "1",
            "config.linkerd.io/proxy-memory-limit": "lots",
            "config.linkerd.io/unheard-of": "x",
            "example.com/note": "theirs",
        },
    )
    found = metadata(pod(annotations={"config.linkerd.io/proxy-cpu-limit": "2"}), installation, place=place)
    kept = {key: value for key, value in found["annotations"].items() if not key.startswith("linkerd.io/")}
    assert kept == {"config.linkerd.io/proxy-log-level": "debug", "config.linkerd.io/proxy-cpu-limit": "2"}
    assert found["annotations"]["linkerd.io/inject"] == "ingress"


def test_an_older_name_on_the_pod_wins_over_the_newer_one_of_the_namespace(installation: Installation) -> None:
    place = Place("shop", {**SHOP.annotations, "config.linkerd.io/proxy-enable-native-sidecar": "true"})
    document = pod(annotations={"config.beta.linkerd.io/proxy-enable-native-sidecar": "false"})
    made = injected(document, installation, place=place)
    assert made["spec"]["containers"][0]["name"] == "linkerd-proxy"
    assert "config.linkerd.io/proxy-enable-native-sidecar" not in made["metadata"]["annotations"]


def test_default_lists_are_noted_where_they_concern_a_port_of_the_pod(installation: Installation) -> None:
    ports = [{"containerPort": port} for port in (80, 3306, 11211)]
    assert metadata(pod({"name": "db", "ports": ports}), installation)["annotations"][OPAQUE] == "3306,11211"
    assert OPAQUE not in metadata(pod(), installation)["annotations"]
    own = metadata(pod({"name": "db", "ports": ports}, annotations={OPAQUE: ""}), installation)
    assert own["annotations"][OPAQUE] == ""
    place = Place("shop", {**SHOP.annotations, OPAQUE: "80"})
    assert metadata(pod({"name": "db", "ports": ports}), installation, place=place)["annotations"][OPAQUE] == "80"
    ranges = installation_of(Values(proxy=Proxy(opaque_ports="3000-4000")))
    assert metadata(pod({"name": "db", "ports": ports}), ranges)["annotations"][OPAQUE] == "3306"


def test_clients_are_told_of_ports_that_bypass_the_proxy_by_default(installation: Installation) -> None:
    galera = pod({"name": "db", "ports": [{"containerPort": 4567}]})
    skip = "config.linkerd.io/skip-inbound-ports"
    assert metadata(galera, installation)["annotations"][skip] == "4567,4568"
    assert skip not in metadata(pod(), installation)["annotations"]
    none = installation_of(Values(proxy_init=ProxyInit(ignore_inbound_ports="")))
    assert skip not in metadata(galera, none)["annotations"]


def test_labels_of_the_pod_stay(installation: Installation) -> None:
    document = pod()
    document["metadata"]["labels"] = {"app": "web", "linkerd.io/control-plane-ns": "elsewhere"}
    labels = metadata(document, installation)["labels"]
    assert (labels["app"], labels["linkerd.io/control-plane-ns"]) == ("web", "hauberk")


def test_the_owner_is_whoever_controls_the_pod() -> None:
    def owned(*references: dict[str, object]) -> Owner | None:
        return owner_in(read({"metadata": {"ownerReferences": list(references)}}))

    replica_set = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-1", "uid": "u", "controller": True}
    assert owned(replica_set) == Owner("ReplicaSet", "web-1", "apps/v1", "u")
    assert owned({"kind": "Node", "name": "n1"}, replica_set) == Owner("ReplicaSet", "web-1", "apps/v1", "u")
    assert owned({"kind": "Node", "name": "n1"}) == Owner("Node", "n1")
    assert owned({"kind": "A", "name": "a"}, {"kind": "B", "name": "b"}) is None
    assert owned() is None
    assert WEB.uid == ""
