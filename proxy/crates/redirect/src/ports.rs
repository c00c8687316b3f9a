//! Sets of ports.

use std::str::FromStr;

/// Ranges in one set. Each is a rule in several chains, and all rules are one message to the kernel.
const RANGES_MAX: usize = 100;

/// Ports as ranges that neither overlap nor touch, lowest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ports(Vec<(u16, u16)>);

/// Why a text is no set of ports.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PortsError {
    /// Not a port, nor a range.
    #[error("{0:?} is neither a port from 1 to 65535 nor a range of them such as 4190-4191")]
    Part(String),
    /// More than the rules can hold.
    #[error("more than {RANGES_MAX} separate ranges of ports; join them to larger ones")]
    Many,
}

impl Ports {
    /// The ranges, ends included.
    pub fn ranges(&self) -> &[(u16, u16)] {
        &self.0
    }

    /// This set and `other`.
    pub fn union(&self, other: &Self) -> Self {
        Self::joined(self.0.iter().chain(&other.0).copied().collect())
    }

    fn joined(mut ranges: Vec<(u16, u16)>) -> Self {
        ranges.sort_unstable();
        let mut joined: Vec<(u16, u16)> = Vec::new();
        for (first, last) in ranges {
            match joined.last_mut() {
                Some((_, end)) if first <= end.saturating_add(1) => *end = last.max(*end),
                _ => joined.push((first, last)),
            }
        }
        Self(joined)
    }
}

impl FromIterator<u16> for Ports {
    fn from_iter<I: IntoIterator<Item = u16>>(ports: I) -> Self {
        Self::joined(ports.into_iter().map(|port| (port, port)).collect())
    }
}

impl FromStr for Ports {
    type Err = PortsError;

    /// Ports and ranges with commas between them; nothing is the empty set.
    fn from_str(text: &str) -> Result<Self, PortsError> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let ports = Self::joined(parts.map(range).collect::<Result<_, _>>()?);
        if ports.0.len() > RANGES_MAX { Err(PortsError::Many) } else { Ok(ports) }
    }
}

fn range(part: &str) -> Result<(u16, u16), PortsError> {
    let (first, last) = part.split_once('-').unwrap_or((part, part));
    match (first.trim().parse(), last.trim().parse()) {
        (Ok(first), Ok(last)) if 0 < first && first <= last => Ok((first, last)),
        _ => Err(PortsError::Part(part.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Vec<(u16, u16)> {
        text.parse::<Ports>().unwrap().0
    }

    #[test]
    fn ports_come_alone_and_in_ranges_and_neighbours_are_joined() {
        assert_eq!(parsed("4191, 25,4190,65535"), [(25, 25), (4190, 4191), (65535, 65535)]);
        assert_eq!(parsed("10-20,15-30,31,1-5"), [(1, 5), (10, 31)]);
        assert_eq!(parsed("1-65535,7"), [(1, 65535)]);
        assert_eq!(parsed(" , "), []);
    }

    #[test]
    fn what_is_no_port_is_named() {
        for wrong in ["http", "0", "5-4", "65536", "1-", "-", "1-2-3", "0-5"] {
            assert_eq!(format!("25,{wrong}").parse::<Ports>(), Err(PortsError::Part(wrong.to_owned())), "{wrong}");
        }
    }

    #[test]
    fn there_is_a_bound() {
        let every_other = |count: u16| (1..=count).map(|n| (2 * n).to_string()).collect::<Vec<_>>().join(",");
        assert_eq!(parsed(&every_other(100)).len(), 100);
        assert_eq!(every_other(101).parse::<Ports>(), Err(PortsError::Many));
    }

    #[test]
    fn a_union_is_joined_again() {
        let (some, others): (Ports, Ports) = ("25,4190".parse().unwrap(), "4191,26-30".parse().unwrap());
        assert_eq!(some.union(&others).ranges(), [(25, 30), (4190, 4191)]);
    }
}
