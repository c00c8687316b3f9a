//! What choices among backends and endpoints rest on: weights, and the latency of an endpoint.

use std::time::{Duration, Instant};

use crate::penalty::Penalty;

/// How the endpoints of a service are weighed against each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weighing {
    /// Latency assumed of an endpoint that has not answered yet.
    pub default_rtt: Duration,
    /// How fast an old measurement fades.
    pub decay: Duration,
    /// How much failures weigh; `None`: as much as the time that they took.
    pub penalty: Option<Penalty>,
}

/// A moving average of latencies that jumps to a peak at once and forgets it exponentially.
///
/// Between measurements the estimate decays towards 0, so that an endpoint that was slow is tried again.
#[derive(Clone, Debug)]
pub struct PeakEwma {
    decay: f64,
    last: Option<(f64, Instant)>,
}

impl PeakEwma {
    /// Nothing measured yet. After `decay` an old measurement has lost 63 % of its weight.
    pub fn new(decay: Duration) -> Self {
        Self { decay: decay.as_secs_f64().max(f64::MIN_POSITIVE), last: None }
    }

    /// Measurements fade in this time from now on.
    pub fn fade_in(&mut self, decay: Duration) {
        self.decay = decay.as_secs_f64().max(f64::MIN_POSITIVE);
    }

    /// Takes in a latency that was measured at `now`.
    pub fn observe(&mut self, latency: Duration, now: Instant) {
        let latency = latency.as_secs_f64();
        let value = match self.last {
            Some((value, at)) => {
                let kept = self.weight(at, now);
                if latency >= value * kept { latency } else { value * kept + latency * (1.0 - kept) }
            }
            None => latency,
        };
        self.last = Some((value, now));
    }

    /// Takes in a failure after `latency`. An error that comes quickly proves nothing of how quickly the endpoint serves:
    /// it never improves the estimate, nor lets it fall below `floor`.
    pub fn observe_failure(&mut self, latency: Duration, floor: Duration, now: Instant) {
        let known = self.last.map_or(0.0, |(value, _)| value);
        let value = latency.max(floor).as_secs_f64().max(known);
        self.last = Some((value, now));
    }

    /// The estimate at `now`, in seconds; `None` if nothing was ever measured.
    pub fn estimate(&self, now: Instant) -> Option<f64> {
        self.last.map(|(value, at)| value * self.weight(at, now))
    }

    fn weight(&self, at: Instant, now: Instant) -> f64 {
        let elapsed = now.saturating_duration_since(at).as_secs_f64();
        (-elapsed / self.decay).exp()
    }
}

/// A place in `weights`, each with the share of its weight; `random` is uniform over all values. `None` if there is no
/// weight above 0.
pub fn weighted<'a>(weights: impl IntoIterator<Item = &'a u32, IntoIter: Clone>, random: u64) -> Option<usize> {
    let mut weights = weights.into_iter().copied().map(u64::from);
    let mut point = scale(random, weights.clone().sum());
    weights.position(|weight| {
        let found = point < weight;
        point = point.saturating_sub(weight);
        found
    })
}

/// Maps a uniform number to 0..bound.
pub(crate) fn scale(random: u64, bound: u64) -> u64 {
    ((u128::from(random) * u128::from(bound)) >> 64) as u64
}
