"""Numbers of the identity service, as Prometheus reads them."""

from prometheus_client.parser import text_string_to_metric_families

from hauberk.identity import metrics
from hauberk.identity.cause import Cause
from hauberk.identity.metrics import Metrics


def read(counts: Metrics) -> dict[tuple[str, ...], float]:
    page = "".join(f"{line}\n" for line in counts.lines())
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


def test_everything_that_may_be_counted_is_there_from_the_start() -> None:
    found = read(Metrics())
    assert set(found.values()) == {0.0}
    assert {key[1] for key in found if key[0] == metrics.REFUSED} == set(Cause)
    assert {key[1] for key in found if key[0] == metrics.REVIEWS} == {"proven", "refused", "unavailable"}


def test_what_happens_is_counted() -> None:
    counts = Metrics()
    counts.count(metrics.ISSUED)
    counts.count(metrics.REFUSED, Cause.IDENTITY)
    counts.count(metrics.REFUSED, Cause.IDENTITY)
    counts.count(metrics.RENEWALS, "issuer")
    found = read(counts)
    assert found[metrics.ISSUED,] == 1
    assert found[metrics.REFUSED, "identity"] == 2
    assert found[metrics.RENEWALS, "issuer"] == 1
    assert found[metrics.RENEWALS, "root"] == 0


def test_durations_are_in_buckets_that_each_hold_the_smaller_ones_too() -> None:
    counts = Metrics()
    for seconds in (0.001, 0.004, 0.2, 100.0):
        counts.reviewed("proven", seconds)
    found = read(counts)
    bucket = f"{metrics.REVIEW_S}_bucket"
    assert [found[bucket, le] for le in ("0.001", "0.0025", "0.005", "0.25", "30.0", "+Inf")] == [1, 1, 2, 3, 3, 4]
    assert found[f"{metrics.REVIEW_S}_count",] == 4
    assert abs(found[f"{metrics.REVIEW_S}_sum",] - 100.205) < 1e-6
