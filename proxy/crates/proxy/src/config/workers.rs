//! How many threads carry traffic.

use super::env::Env;
use super::value::{Read, number};

/// Workers beyond the machine's cores only get in each other's way.
const WORKERS_MAX: usize = 64;

/// What is said of the number of workers.
#[derive(Clone, Copy, Debug, Default)]
struct Wanted {
    /// `CORES` and `CORES_MIN`: no fewer.
    min: Option<usize>,
    /// `CORES_MAX`: no more.
    max: Option<usize>,
    /// `CORES_MAX_RATIO`: no more than this share of the machine's cores.
    share: Option<f64>,
}

/// One worker; with a least number, that many; with an upper bound, as many as it and the machine allow.
pub(super) fn read(env: &Env<'_>) -> usize {
    let min = env.get("CORES", number).max(env.get("CORES_MIN", number));
    let wanted = Wanted { min, max: env.get("CORES_MAX", number), share: env.get("CORES_MAX_RATIO", share) };
    let machine = std::thread::available_parallelism().map_or(1, usize::from);
    wanted.on(machine)
}

impl Wanted {
    fn on(self, machine: usize) -> usize {
        let share = self.share.map(|share| (machine as f64 * share).round() as usize);
        let bounds = [self.max, share].into_iter().flatten();
        let most = bounds.min().map_or(1, |most| most.min(machine));
        most.max(self.min.unwrap_or(1)).clamp(1, WORKERS_MAX)
    }
}

fn share(text: &str) -> Read<f64> {
    let share: f64 = text.trim().parse().map_err(|_| "a number from 0 to 1")?;
    if (0.0..=1.0).contains(&share) { Ok(share) } else { Err("a number from 0 to 1") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_unless_more_are_wanted() {
        let wanted = |min, max, share| Wanted { min, max, share };
        assert_eq!(Wanted::default().on(8), 1);
        assert_eq!(wanted(Some(4), None, None).on(2), 4, "a least number holds on any machine");
        assert_eq!(wanted(None, Some(6), None).on(4), 4);
        assert_eq!(wanted(None, Some(6), None).on(16), 6);
        assert_eq!(wanted(Some(1), None, Some(0.5)).on(8), 4);
        assert_eq!(wanted(Some(1), Some(2), Some(0.5)).on(8), 2);
        assert_eq!(wanted(None, Some(0), None).on(8), 1);
        assert_eq!(wanted(Some(1000), None, None).on(8), WORKERS_MAX);
    }
}
