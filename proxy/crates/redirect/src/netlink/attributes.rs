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

/// The value of the first attribute of a kind, among those that are whole.
pub(super) fn find(mut attributes: &[u8], wanted: u16) -> Option<&[u8]> {
    loop {
        let head = attributes.first_chunk::<HEADER>()?;
        let length = usize::from(u16::from_ne_bytes([head[0], head[1]]));
        let value = attributes.get(HEADER..length)?;
        if u16::from_ne_bytes([head[2], head[3]]) & !NESTED == wanted {
            return Some(value);
        }
        attributes = attributes.get(length.next_multiple_of(HEADER)..)?;
    }
}

/// The number that a value is, if it is one.
pub(super) fn number(value: &[u8]) -> Option<u32> {
    value.try_into().ok().map(u32::from_be_bytes)
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

    #[test]
    fn a_value_is_found_by_its_kind() {
        let inner = Attributes::default().text(1, "lo").number(2, 7);
        let written = Attributes::default().bytes(3, &[9]).nested(4, inner).into_bytes();
        assert_eq!(find(&written, 3), Some(&[9][..]));
        assert_eq!(find(&written, 4).and_then(|inner| find(inner, 2)).and_then(number), Some(7));
        assert_eq!((find(&written, 5), find(&[0; 4], 1), number(&[9])), (None, None, None));
        for length in 0..written.len() {
            assert_eq!(find(&written[..length], 4), None, "{length}");
        }
    }
}
