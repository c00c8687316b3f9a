"""What annotations set, on plain machines and on pods, and what becomes of those that make no sense."""

import pytest

from hauberk.model.annotations import is_of_the_mesh
from hauberk.sidecar import keys
from hauberk.sidecar.table import TABLE
from hauberk.sidecar.tuning import AnnotationInvalid, inherited, tuning_of, tuning_of_pod

DEFAULTS = {keys.OPAQUE_PORTS: "25,6379", keys.DEFAULT_INBOUND_POLICY: "deny"}
WORKS = {
    "proxy-image": "registry.example:5000/team/proxy",
    "proxy-version": "v1.2.3",
    "image-pull-policy": "Always",
    "enable-debug-sidecar": "true",
    "debug-image": "example.com/debug",
    "debug-image-version": "v1",
    "debug-image-pull-policy": "Never",
    "control-port": "5190",
    "admin-port": "5191",
    "inbound-port": "5143",
    "outbound-port": "5140",
    "pod-inbound-ports": "80,8080",
    "skip-inbound-ports": "25,8000-8010",
    "skip-outbound-ports": "25",
    "skip-subnets": "10.1.0.0/16,fd00::/8",
    "opaque-ports": "3306,9000-9010",
    "proxy-cpu-request": "100m",
    "proxy-cpu-limit": "2",
    "proxy-memory-request": "20Mi",
    "proxy-memory-limit": "250Mi",
    "proxy-ephemeral-storage-request": "1Gi",
    "proxy-ephemeral-storage-limit": "2Gi",
    "proxy-cpu-ratio-limit": "0.5",
    "proxy-uid": "3000",
    "proxy-gid": "3001",
    "proxy-log-level": "debug",
    "proxy-log-format": "json",
    "proxy-log-http-headers": "insecure",
    "access-log": "apache",
    "proxy-admin-shutdown": "true",
    "enable-external-profiles": "true",
    "proxy-require-identity-inbound-ports": "8080",
    "proxy-metrics-hostname-labels": "false",
    "proxy-outbound-connect-timeout": "500ms",
    "proxy-inbound-connect-timeout": "50ms",
    "proxy-outbound-discovery-cache-unused-timeout": "1m",
    "proxy-inbound-discovery-cache-unused-timeout": "2m",
    "proxy-disable-outbound-protocol-detect-timeout": "true",
    "proxy-disable-inbound-protocol-detect-timeout": "true",
    "enable-gateway": "true",
    "close-wait-timeout": "0",
    "proxy-enable-native-sidecar": "false",
    "proxy-await": "false",
    "default-inbound-policy": "cluster-authenticated",
    "shutdown-grace-period": "30s",
    "proxy-additional-env": '[{"name":"A","value":"b"}]',
}
"""A value for each annotation of the contract, in its plainest form."""
GUARDS = {
    "skip-inbound-ports",
    "skip-outbound-ports",
    "skip-subnets",
    "opaque-ports",
    "proxy-require-identity-inbound-ports",
    "default-inbound-policy",
}


def key(name: str) -> str:
    return f"config.linkerd.io/{name}"


def test_the_table_is_the_whole_contract() -> None:
    assert {*map(key, WORKS), keys.WAIT_BEFORE_EXIT} == TABLE.keys()
    assert all(is_of_the_mesh(row) for row in TABLE)
    assert {row.key for row in TABLE.values() if row.guards} == {*map(key, GUARDS)}


@pytest.mark.parametrize("row", TABLE.values(), ids=lambda row: row.key)
def test_a_default_passes_its_own_check(row: object) -> None:
    found = TABLE[row.key]  # type: ignore[attr-defined]
    assert found.default == "" or found.check(found.default) == found.default
    assert found.meaning


@pytest.mark.parametrize("name", WORKS)
def test_a_pod_honours_every_annotation(name: str) -> None:
    tuning, findings = tuning_of_pod({key(name): WORKS[name]}, DEFAULTS)
    assert (tuning.of(key(name)), findings) == (WORKS[name], ())


@pytest.mark.parametrize("name", WORKS)
def test_what_makes_no_sense_is_told_and_keeps_the_pod_away_only_if_it_guards(name: str) -> None:
    tuning, findings = tuning_of_pod({key(name): "?\n"}, DEFAULTS)
    assert [(finding.key, finding.guards) for finding in findings] == [(key(name), name in GUARDS)]
    assert tuning.of(key(name)) == DEFAULTS.get(key(name), TABLE[key(name)].default)


def test_without_annotations_the_defaults_of_the_mesh_apply() -> None:
    variables = tuning_of({}, DEFAULTS).variables()
    assert variables["INBOUND_DEFAULT_POLICY"] == "deny"
    assert variables["INBOUND_PORTS_DISABLE_PROTOCOL_DETECTION"] == "25,6379"


@pytest.mark.parametrize(
    ("annotation", "value", "variable", "result"),
    [
        ("opaque-ports", "80, 9000-9010", "INBOUND_PORTS_DISABLE_PROTOCOL_DETECTION", "80,9000-9010"),
        ("default-inbound-policy", "cluster-authenticated", "INBOUND_DEFAULT_POLICY", "cluster-authenticated"),
        ("proxy-require-identity-inbound-ports", "8080", "INBOUND_PORTS_REQUIRE_IDENTITY", "8080"),
        ("proxy-admin-shutdown", "enabled", "SHUTDOWN_ENDPOINT_ENABLED", "true"),
        ("shutdown-grace-period", "30s", "SHUTDOWN_GRACE_PERIOD", "30s"),
        ("shutdown-grace-period", "1m30s", "SHUTDOWN_GRACE_PERIOD", "90000ms"),
        ("proxy-log-level", "debug", "LOG", "debug,[{headers}]=off,[{request}]=off"),
        ("proxy-log-http-headers", "insecure", "LOG", "warn,linkerd=info,hauberk=info,hickory=error"),
        ("proxy-log-format", "JSON", "LOG_FORMAT", "json"),
        ("proxy-cpu-ratio-limit", "0.25", "CORES_MAX_RATIO", "0.25"),
        ("proxy-disable-inbound-protocol-detect-timeout", "true", "INBOUND_DETECT_TIMEOUT", "365d"),
        ("proxy-disable-outbound-protocol-detect-timeout", "true", "OUTBOUND_DETECT_TIMEOUT", "365d"),
    ],
)
def test_an_annotation_sets_its_variable(annotation: str, value: str, variable: str, result: str) -> None:
    assert tuning_of({key(annotation): value}, DEFAULTS).variables()[variable] == result
    assert tuning_of_pod({key(annotation): value}, DEFAULTS)[0].variables()[variable] == result


@pytest.mark.parametrize(("limit", "threads"), [("100m", "1"), ("1", "1"), ("1500m", "2"), ("4", "4")])
def test_a_limit_of_cpu_is_a_number_of_threads(limit: str, threads: str) -> None:
    assert tuning_of_pod({keys.CPU_LIMIT: limit}, {})[0].variables()["CORES"] == threads


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        ("opaque-ports", "http"),
        ("opaque-ports", "0"),
        ("opaque-ports", "90-80"),
        ("default-inbound-policy", "open"),
        ("shutdown-grace-period", "soon"),
        ("proxy-admin-shutdown", "perhaps"),
        ("proxy-log-level", "warn\nX=Y"),
        ("proxy-cpu-request", "1"),
        ("debug-image", "x"),
        ("proxy-image", "x"),
        ("proxy-enable-native-sidecar", "true"),
    ],
)
def test_a_plain_machine_refuses_by_name_what_is_wrong_or_not_honoured(annotation: str, value: str) -> None:
    with pytest.raises(AnnotationInvalid) as refused:
        tuning_of({key(annotation): value}, DEFAULTS)
    assert refused.value.annotation == key(annotation)


@pytest.mark.parametrize(
    "annotation", ["linkerd.io/inject", "balancer.linkerd.io/failure-accrual", "hauberk.dev/foreign-proxy"]
)
def test_a_plain_machine_refuses_whatever_else_asks_the_mesh_for_something(annotation: str) -> None:
    with pytest.raises(AnnotationInvalid) as refused:
        tuning_of({annotation: "disabled"}, DEFAULTS)
    assert refused.value.annotation == annotation


def test_annotations_of_others_are_left_alone() -> None:
    others = {"example.com/note": "hello", "linkerd.io/created-by": "x", "linkerd.io/proxy-version": "y"}
    assert tuning_of(others, DEFAULTS) == tuning_of({}, DEFAULTS)
    assert tuning_of_pod({**others, "linkerd.io/inject": "enabled"}, DEFAULTS) == (tuning_of({}, DEFAULTS), ())


@pytest.mark.parametrize("misplaced", ["balancer.linkerd.io/failure-accrual", "config.linkerd.io/opaque-port"])
def test_what_means_nothing_on_a_pod_is_told(misplaced: str) -> None:
    (finding,) = tuning_of_pod({misplaced: "x"}, {})[1]
    assert (finding.key, finding.guards) == (misplaced, False)
    assert "means nothing" in finding.reason


@pytest.mark.parametrize(
    ("annotation", "value"), [(keys.HOSTNAME_LABELS, "true"), (keys.CLOSE_WAIT, "30s"), (keys.CLOSE_WAIT, "1m0s")]
)
def test_what_hauberk_has_not_is_told_with_the_reason(annotation: str, value: str) -> None:
    (finding,) = tuning_of_pod({annotation: value}, {})[1]
    assert "is not honoured: " in finding.reason


@pytest.mark.parametrize("nothing", ["0", "0s", "0ms"])
def test_to_want_nothing_of_what_is_lacking_is_fine(nothing: str) -> None:
    assert tuning_of_pod({keys.CLOSE_WAIT: nothing}, {})[1] == ()


def test_older_names_count_unless_the_newer_one_is_there() -> None:
    older = "config.beta.linkerd.io/proxy-enable-native-sidecar"
    assert not tuning_of_pod({older: "false"}, {})[0].is_on(keys.NATIVE_SIDECAR)
    assert tuning_of_pod({older: "false", keys.NATIVE_SIDECAR: "true"}, {})[0].is_on(keys.NATIVE_SIDECAR)


def test_a_namespace_passes_on_what_is_in_force_before_policy_is() -> None:
    annotations = {
        keys.DEFAULT_INBOUND_POLICY: "deny",
        keys.OPAQUE_PORTS: "3306,mysql",
        keys.SKIP_INBOUND_PORTS: "25",
    }
    assert inherited(annotations) == {keys.DEFAULT_INBOUND_POLICY: "deny", keys.OPAQUE_PORTS: "3306"}
    assert inherited({keys.DEFAULT_INBOUND_POLICY: "dennied"}) == {}
