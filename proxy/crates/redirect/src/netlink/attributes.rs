//! Attributes of netlink messages: length, type, value, each padded to four bytes (linux/netlink.h).

/// Marks an attribute whose value is attributes.
const NESTED: u16 = 1 << 15;
/// Length and type.
const HEADER: usize = 4;

/// Attributes, one after the other.
#[derive(Debug, Default)]
pub(super) struct Attributes(Vec<u8>);

impl Attributes {
    /// With one more attribute. A value that is longer than an attribute can be is cut off; none here is.
    pub(super) fn bytes(mut self, kind: u16, value: &[u8]) -> Self {
        self.push(kind, value);
        self
    }

    /// The same with a number, whose bytes the network's order has.
    pub(super) fn number(self, kind: u16, value: u32) -> Self {
        self.bytes(kind, &value.to_be_bytes())
    }

    /// The same with a string, which ends in NUL.
    pub(super) fn text(self, kind: u16, value: &str) -> Self {
        self.bytes(kind, &[value.as_bytes(), b"\0"].concat())
    }

    /// The same with attributes.
    pub(super) fn nested(self, kind: u16, value: Self) -> Self {
        self.bytes(kind | NESTED, &value.0)
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    fn push(&mut self, kind: u16, value: &[u8]) {
        let value = &value[..value.len().min(usize::from(u16::MAX) - HEADER)];
        let length = u16::try_from(HEADER + value.len()).unwrap_or(u16::MAX);
        self.0.extend(length.to_ne_bytes());
        self.0.extend(kind.to_ne_bytes());
        self.0.extend(value);
        self.0.resize(self.0.len().next_multiple_of(HEADER), 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_padded_and_their_length_is_not() {
        let written = Attributes::default().text(7, "lo").nested(1, Attributes::default().bytes(2, &[9])).into_bytes();
        let length = |n: u16| n.to_ne_bytes();
        let nested = [length(5), length(2), [9, 0], [0, 0]].concat();
        let expected = [&length(7)[..], &length(7), b"lo\0\0", &length(12), &length(1 | NESTED), &nested].concat();
        assert_eq!(written, expected);
    }
}
