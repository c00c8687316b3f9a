//! Times as text: digits with a unit, as Linkerd's contract writes them.

use std::time::Duration;

/// A hundred years: sums of times stay far from overflow.
const LONGEST_MS: u64 = 100 * 366 * 86_400_000;

/// Digits with a unit (`ms`, `s`, `m`, `h`, `d`); `0` needs none. `None` where it is something else.
pub fn parse(text: &str) -> Option<Duration> {
    let text = text.trim();
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    let milliseconds: u64 = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.checked_mul(milliseconds).filter(|total| *total <= LONGEST_MS).map(Duration::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_need_a_unit_and_no_fraction() {
        assert_eq!(parse("300ms"), Some(Duration::from_millis(300)));
        assert_eq!(parse("1h"), Some(Duration::from_secs(3600)));
        assert_eq!(parse("0"), Some(Duration::ZERO));
        for wrong in
            ["", "10", "1.5s", "s", "-1s", "99999999999999999999s", "18446744073709551615d", "18446744073709551615ms"]
        {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
