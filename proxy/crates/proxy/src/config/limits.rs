//! What all workers together may have: connections, memory of buffers.

use std::time::Duration;

use hauberk_data::config::Limits;

use super::env::Env;
use super::value::{Read, duration, number, positive};
use crate::memory;

/// Lowered to what the limit of open files allows.
const CONNECTIONS_MAX: usize = 100_000;
/// Buffers may take a quarter of the memory that the process may have, within these.
const BUFFERS_PART: u64 = 4;
const BUFFERS_LEAST: u64 = 8 << 20;
const BUFFERS_MOST: u64 = 256 << 20;
/// The kernel takes megabytes for a client before one that reads slowly is seen to have read anything.
const STALL: Duration = Duration::from_secs(3600);

/// What all workers together may have.
pub(super) fn read(env: &Env<'_>) -> Limits {
    Limits {
        connections: env.get_whole("HAUBERK_PROXY_MAX_CONNECTIONS", positive).unwrap_or(CONNECTIONS_MAX),
        buffers: env.get_whole("HAUBERK_PROXY_BUFFER_MEMORY", bytes).unwrap_or_else(|| share_of(memory::available())),
        stall: Some(env.get_whole("HAUBERK_PROXY_STALL_TIMEOUT", duration).unwrap_or(STALL))
            .filter(|limit| !limit.is_zero()),
    }
}

fn share_of(available: Option<u64>) -> usize {
    let share = available.map_or(BUFFERS_MOST, |bytes| (bytes / BUFFERS_PART).clamp(BUFFERS_LEAST, BUFFERS_MOST));
    usize::try_from(share).unwrap_or(usize::MAX)
}

/// Bytes, or with the units that Kubernetes knows as powers of two.
fn bytes(text: &str) -> Read<usize> {
    const WANTED: &str = "bytes above 0, or a number with Ki, Mi or Gi";
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (amount, unit) = text.split_at(digits);
    let unit: usize = match unit {
        "" => 1,
        "Ki" => 1 << 10,
        "Mi" => 1 << 20,
        "Gi" => 1 << 30,
        _ => return Err(WANTED),
    };
    let amount: usize = number(amount).map_err(|_| WANTED)?;
    amount.checked_mul(unit).filter(|bytes| *bytes > 0).ok_or(WANTED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_units_of_two() {
        assert_eq!((bytes("4096"), bytes("64Ki"), bytes("3Gi")), (Ok(4096), Ok(65_536), Ok(3 << 30)));
        for wrong in ["", "0", "Mi", "1M", "1.5Gi", "-1", "99999999999999999999", "99999999999Gi"] {
            assert!(bytes(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn buffers_take_a_quarter_within_bounds() {
        let mib = |of: u64| share_of(Some(of << 20)) >> 20;
        assert_eq!((mib(4), mib(64), mib(64 << 10), share_of(None) >> 20), (8, 16, 256, 256));
    }

    #[test]
    fn clients_may_stall_for_an_hour_unless_somebody_says_otherwise() {
        let stall = |text: &'static str| {
            let lookup = move |name: &str| (name == "HAUBERK_PROXY_STALL_TIMEOUT").then(|| text.to_owned());
            read(&Env::new(&lookup)).stall
        };
        assert_eq!((stall(""), stall("90s"), stall("0")), (Some(STALL), Some(Duration::from_secs(90)), None));
    }
}
