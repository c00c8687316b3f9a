"""Whatever a pod looks like, everything else of it stays, and a second time nothing happens."""

import json
from copy import deepcopy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from injector_pods import SHOP, WEB, installation_of

from hauberk.apiserver.patch import json_patch
from hauberk.config.chart import Cni, Proxy, Values
from hauberk.injector.asked import INJECT
from hauberk.injector.outcome import Injected, Reason, Refused, Skipped
from hauberk.injector.patch import patch
from hauberk.injector.removal import removed
from hauberk.model import names
from hauberk.sidecar.table import TABLE

INSTALLATIONS = [
    installation_of(Values()),
    installation_of(Values(proxy=Proxy(native_sidecar=False))),
    installation_of(Values(cni=Cni(enabled=True))),
]
OURS = {"linkerd-proxy", "linkerd-init", "linkerd-network-validator", "linkerd-debug"}
OUR_VOLUMES = {"linkerd-identity-end-entity", "linkerd-identity-token", "linkerd-proxy-init-xtables-lock"}

words = st.sampled_from(["a", "b-1", "a.b", "~x/y~1", "with/slash", "c" * 63])
texts = st.one_of(
    st.sampled_from(["true", "false", "80", "80-90", "deny", "$(_pod_ns)", '"\n', ""]), st.text(max_size=20)
)
annotations = st.dictionaries(st.one_of(st.sampled_from([*TABLE, INJECT]), words), texts, max_size=6)
ports = st.lists(
    st.fixed_dictionaries(
        {"containerPort": st.integers(1, 65535)},
        optional={"name": st.sampled_from(["http", "mysql"]), "protocol": st.sampled_from(["TCP", "UDP"])},
    ),
    max_size=3,
)
probes = st.fixed_dictionaries(
    {}, optional={"httpGet": st.fixed_dictionaries({"port": st.one_of(st.integers(1, 65535), st.just("http"))})}
)
containers = st.fixed_dictionaries(
    {"name": st.sampled_from(["web", "db", "x", "linkerd"])},
    optional={
        "ports": st.one_of(st.none(), ports),
        "livenessProbe": probes,
        "securityContext": st.fixed_dictionaries({}, optional={"runAsUser": st.integers(0, 5000)}),
        "restartPolicy": st.just("Always"),
        "unknown": st.integers(),
    },
)
volumes = st.fixed_dictionaries({"name": st.sampled_from(["data", "linkerd-identity-token"])})


def _missing(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.none(), strategy)


pods = st.fixed_dictionaries(
    {
        "spec": st.fixed_dictionaries(
            {"containers": st.lists(containers, min_size=1, max_size=3)},
            optional={
                "initContainers": _missing(st.lists(containers, max_size=2)),
                "volumes": _missing(st.lists(volumes, max_size=2, unique_by=lambda v: v["name"])),
                "serviceAccountName": st.sampled_from(["default", "a.b"]),
                "terminationGracePeriodSeconds": st.integers(0, 100),
                "hostNetwork": st.booleans(),
                "ephemeralContainers": st.just([{"name": "shell"}]),
            },
        )
    },
    optional={
        "metadata": st.fixed_dictionaries(
            {},
            optional={
                "name": words,
                "generateName": words,
                "labels": _missing(st.dictionaries(words, words, max_size=3)),
                "annotations": _missing(annotations),
            },
        ),
        "status": st.just({"phase": "Pending"}),
    },
)


@settings(max_examples=300, deadline=None)
@given(pods, annotations, st.sampled_from(INSTALLATIONS))
def test_everything_else_stays(document: dict[str, Any], of_place: dict[str, str], installation: Any) -> None:
    before = deepcopy(document)
    place = type(SHOP)("shop", {**of_place, **SHOP.annotations})
    outcome = patch(document, place, WEB, installation)
    assert document == before, "the object itself is not touched"
    assert not isinstance(outcome, Refused) or outcome.reasons
    if isinstance(outcome, Refused):
        return
    made = json_patch(document, json.loads(json.dumps(list(outcome.operations))))
    if isinstance(outcome, Skipped):
        assert _without_notes(made) == _without_notes(before)
        return
    assert _without_ours(made) == _without_ours(before)
    found = {c["name"] for c in (*made["spec"]["containers"], *made["spec"]["initContainers"])}
    assert "linkerd-proxy" in found
    listed = [volume["name"] for volume in made["spec"]["volumes"]]
    assert len(listed) == len({*listed})
    assert not list(
        names.labels("", {k: v for k, v in made["metadata"]["labels"].items() if k.startswith("linkerd.io/")})
    )
    again = patch(made, place, WEB, installation)
    assert isinstance(again, Skipped)
    assert again.reason is Reason.SIDECAR
    assert list(again.operations) == []


@settings(max_examples=200, deadline=None)
@given(pods, st.sampled_from(INSTALLATIONS))
def test_what_was_put_in_can_be_taken_out(document: dict[str, Any], installation: Any) -> None:
    document = removed(document)
    outcome = patch(document, SHOP, WEB, installation)
    if isinstance(outcome, Injected):
        made = json_patch(document, list(outcome.operations))
        assert _lean(removed(made)) == _lean(document)


def _without_ours(document: dict[str, Any]) -> dict[str, Any]:
    spec = dict(document["spec"])
    for member, ours in (("containers", OURS), ("initContainers", OURS), ("volumes", OUR_VOLUMES)):
        spec[member] = [entry for entry in spec.get(member) or () if entry["name"] not in ours]
    return _without_notes({**document, "spec": spec})


def _without_notes(document: dict[str, Any]) -> dict[str, Any]:
    """What people wrote about other things than the mesh."""
    metadata = dict(document.get("metadata") or {})
    for member in ("labels", "annotations"):
        entries = metadata.get(member) or {}
        metadata[member] = {k: v for k, v in entries.items() if not k.partition("/")[0].endswith("linkerd.io")}
    return {**document, "metadata": metadata}


def _lean(value: Any) -> Any:
    """Without whatever is empty."""
    if isinstance(value, dict):
        return {k: lean for k, v in value.items() if (lean := _lean(v)) not in (None, {}, [])}
    return [_lean(v) for v in value] if isinstance(value, list) else value
