import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hauberk.telemetry.quantile import quantile

INF = math.inf


def test_a_quantile_is_interpolated_inside_its_bucket() -> None:
    # As Prometheus: 10 observations up to 1, 10 more up to 2; the 15th is in the middle of the second bucket.
    assert quantile(0.75, {1.0: 10, 2.0: 20, INF: 20}) == pytest.approx(1.5)


def test_the_first_bucket_begins_at_zero() -> None:
    assert quantile(0.5, {0.00005: 10, 0.0001: 10, INF: 10}) == pytest.approx(0.000025)


def test_beyond_the_last_bound_only_the_last_bound_is_known() -> None:
    assert quantile(0.99, {1.0: 1, INF: 100}) == 1.0


def test_a_bucket_without_observations_is_passed_over() -> None:
    assert quantile(0.5, {1.0: 0, 2.0: 0, 3.0: 4, INF: 4}) == pytest.approx(2.5)


@pytest.mark.parametrize("buckets", [{}, {1.0: 3}, {1.0: 0, INF: 0}])
def test_without_observations_there_is_no_quantile(buckets: dict[float, float]) -> None:
    assert quantile(0.5, buckets) is None


@given(st.lists(st.floats(0, 50), min_size=1, max_size=60), st.floats(0.01, 1))
def test_a_quantile_lies_in_the_bucket_of_the_observation_of_that_rank(seen: list[float], q: float) -> None:
    bounds = [1.0, 2.0, 5.0, 10.0, 100.0]
    buckets = {bound: float(sum(value <= bound for value in seen)) for bound in bounds} | {INF: float(len(seen))}
    rank = max(math.ceil(q * len(seen) - 1e-9), 1)
    observed = sorted(seen)[rank - 1]
    upper = next(bound for bound in bounds if observed <= bound)
    lower = max((bound for bound in [0.0, *bounds] if bound < upper), default=0.0)
    found = quantile(q, buckets)
    assert found is not None
    assert lower - 1e-9 <= found <= upper + 1e-9
