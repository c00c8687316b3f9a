from prometheus_client.parser import text_string_to_metric_families

from hauberk.injector.metrics import SERIES_MAX, Metrics


def samples(metrics: Metrics) -> dict[tuple[str, ...], float]:
    text = "\n".join(metrics.lines()) + "\n"
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_what_was_asked_and_answered_is_counted_under_linkerds_names() -> None:
    metrics = Metrics()
    for _ in range(2):
        metrics.asked("Deployment", "shop")
        metrics.answered("Deployment", "shop", skip_reason="", annotation_at="namespace")
    metrics.answered("Job", "shop", skip_reason="host_network_enabled", annotation_at="workload")
    assert samples(metrics) == {
        ("proxy_inject_admission_requests_total", "deployment", "shop"): 2,
        ("proxy_inject_admission_responses_total", "deployment", "shop", "false", "", "namespace"): 2,
        ("proxy_inject_admission_responses_total", "job", "shop", "true", "host_network_enabled", "workload"): 1,
    }


def test_labels_are_few_whatever_anybody_writes() -> None:
    metrics = Metrics()
    for number in range(SERIES_MAX + 10):
        metrics.asked(f'Evil{number}"\n', "shop")
        metrics.asked("Pod", f'n{number}"\\\n')
    found = samples(metrics)
    assert len(found) == SERIES_MAX + 1
    assert found["proxy_inject_admission_requests_total", "other", "shop"] == SERIES_MAX + 10
    assert found["proxy_inject_admission_requests_total", "true"] == 11
    assert ("proxy_inject_admission_requests_total", "pod", 'n5"\\\n') in found
