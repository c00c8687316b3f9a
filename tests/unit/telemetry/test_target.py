from hauberk.telemetry.target import Target, readable, targets

POD = {
    "metadata": {
        "namespace": "default",
        "name": "web-x7k2p",
        "labels": {"app": "web", "linkerd.io/control-plane-ns": "hauberk"},
    },
    "spec": {"serviceAccountName": "shop"},
    "status": {"phase": "Running", "podIP": "10.77.0.9"},
}


def test_a_pod_is_known_by_its_app_label_and_account() -> None:
    assert targets([POD]) == [Target("default", "web-x7k2p", "web", "shop", "10.77.0.9", meshed=True)]


def test_a_pod_without_labels_is_its_own_workload_and_is_not_read() -> None:
    (found,) = targets([{"metadata": {"namespace": "default", "name": "lone"}, "status": {"podIP": "10.77.0.8"}}])
    assert (found.workload, found.service_account, found.meshed) == ("lone", "default", False)
    assert readable([found]) == []


def test_pods_that_have_ended_are_left_out() -> None:
    assert targets([{**POD, "status": {"phase": "Succeeded"}}]) == []
