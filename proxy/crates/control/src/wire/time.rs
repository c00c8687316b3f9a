//! Durations.

use std::time::Duration;

use crate::wire::{Nonsense, Read, required};

/// Longer than any sensible limit; keeps sums of times far from overflow.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);

/// A duration that must be there.
pub(super) fn duration(of: Option<prost_types::Duration>, name: &str) -> Read<Duration> {
    let duration = Duration::try_from(required(of, name)?);
    let duration = duration.map_err(|_| Nonsense::new(format_args!("{name} is negative or no duration")))?;
    Ok(duration.min(LONGEST))
}

/// A duration above zero that must be there.
pub(super) fn positive(of: Option<prost_types::Duration>, name: &str) -> Read<Duration> {
    let duration = duration(of, name)?;
    if duration.is_zero() { Err(Nonsense::new(format_args!("{name} is zero"))) } else { Ok(duration) }
}

/// A limit; absent and zero are both no limit (GEP-1742).
pub(super) fn limit(of: Option<prost_types::Duration>, name: &str) -> Read<Option<Duration>> {
    match of {
        None => Ok(None),
        some => Ok(Some(duration(some, name)?).filter(|limit| !limit.is_zero())),
    }
}
