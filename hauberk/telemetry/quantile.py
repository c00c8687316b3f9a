"""Quantiles of histograms, with Prometheus' meaning of `histogram_quantile`."""

import math
from collections.abc import Mapping


def quantile(q: float, buckets: Mapping[float, float]) -> float | None:
    """The value below which the fraction `q` of the observations lies; None when there is no observation.

    `buckets` maps an upper bound (the last is infinity) to the cumulative count of observations at or below it. Within
    a bucket observations are taken to be spread evenly; a quantile in the last bucket is answered with the highest
    finite bound, which is all that is known (Prometheus does the same).
    """
    bounds = sorted(buckets)
    if not bounds or not math.isinf(bounds[-1]):
        return None
    total = buckets[bounds[-1]]
    if not total > 0:
        return None
    rank = min(max(q, 0.0), 1.0) * total
    # Counts of one scrape may lag behind each other by an observation; a count never falls along the bounds.
    below, lower, highest = 0.0, 0.0, 0.0
    for bound in bounds:
        count = max(buckets[bound], highest)
        highest = count
        if count >= rank and count > below:
            if math.isinf(bound):
                return lower if len(bounds) > 1 else None
            return lower + (bound - lower) * (rank - below) / (count - below)
        below, lower = count, bound
    return bounds[-2] if len(bounds) > 1 else None
