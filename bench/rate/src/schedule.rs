//! When requests are due, and what became of them.

use std::time::Duration;

/// A steady rate, spread over connections in turn.
pub(crate) struct Schedule {
    connections: usize,
    per_second: u32,
    length: Duration,
}

impl Schedule {
    /// `None` where a number makes no sense.
    pub(crate) fn new(connections: usize, per_second: u32, length: Duration) -> Option<Self> {
        let sensible = connections > 0 && (1..=1_000_000).contains(&per_second) && !length.is_zero();
        sensible.then_some(Self { connections, per_second, length })
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections
    }

    /// The due times of one connection, from the beginning.
    pub(crate) fn due(&self, index: usize) -> impl Iterator<Item = Duration> + use<> {
        let total = u64::from(self.per_second) * self.length.as_secs();
        let per_second = u64::from(self.per_second);
        (index as u64..total).step_by(self.connections).map(move |n| {
            Duration::from_secs(n / per_second) + Duration::from_nanos(n % per_second * 1_000_000_000 / per_second)
        })
    }

    /// From the beginning: what was not sent by then never is, so that a run ends.
    pub(crate) fn give_up(&self) -> Duration {
        self.length * 2
    }
}

/// What became of the requests.
#[derive(Default)]
pub(crate) struct Tally {
    /// From the due time to the last byte, of those that succeeded.
    pub(crate) latencies: Vec<Duration>,
    /// Failed: refused, cut, late beyond patience, or not the expected answer.
    pub(crate) errors: u64,
    /// Given up, as the server was too far behind.
    pub(crate) unsent: u64,
}

impl Tally {
    pub(crate) fn sum(tallies: Vec<Self>) -> Self {
        let mut sum = Self::default();
        for tally in tallies {
            sum.latencies.extend(tally.latencies);
            sum.errors += tally.errors;
            sum.unsent += tally.unsent;
        }
        sum.latencies.sort_unstable();
        sum
    }

    /// Latencies in microseconds, `null` where nothing succeeded.
    pub(crate) fn json(&self) -> String {
        let quantile = |q| self.quantile(q).map_or("null".to_owned(), |l| format!("{:.1}", l.as_secs_f64() * 1e6));
        format!(
            "{{\"requests\": {}, \"errors\": {}, \"unsent\": {}, \"p50_us\": {}, \"p99_us\": {}, \"p999_us\": {}}}",
            self.latencies.len(),
            self.errors,
            self.unsent,
            quantile(0.5),
            quantile(0.99),
            quantile(0.999)
        )
    }

    /// The nearest rank; the latencies must be sorted.
    fn quantile(&self, q: f64) -> Option<Duration> {
        let rank = (self.latencies.len() as f64 * q).ceil() as usize;
        self.latencies.get(rank.max(1) - 1).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_connections_share_all_due_times_in_turn() {
        let schedule = Schedule::new(3, 4, Duration::from_secs(2)).unwrap();
        let mut all: Vec<_> = (0..3).flat_map(|index| schedule.due(index)).collect();
        all.sort();
        let expected: Vec<_> = (0..8).map(|n| Duration::from_millis(n * 250)).collect();
        assert_eq!(all, expected);
        let last: Vec<_> = schedule.due(2).collect();
        assert_eq!(last, [500, 1250].map(Duration::from_millis));
    }

    #[test]
    fn quantiles_are_of_the_nearest_rank() {
        let tally = Tally { latencies: (1..=100).map(Duration::from_micros).collect(), ..Tally::default() };
        assert_eq!(tally.quantile(0.5), Some(Duration::from_micros(50)));
        assert_eq!(tally.quantile(0.99), Some(Duration::from_micros(99)));
        assert_eq!(Tally::default().quantile(0.5), None);
    }
}
