//! A message.

use super::{Read, Stop};

/// A header line: its name in lower case, its value without white space around it.
pub type Field = (Vec<u8>, Vec<u8>);

/// A message, as far as it arrived.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// The words of the first line.
    pub line: [Vec<u8>; 3],
    /// In their order.
    pub headers: Vec<Field>,
    /// Without its coding.
    pub body: Vec<u8>,
    /// The headers behind a chunked body.
    pub trailers: Vec<Field>,
    /// Whether the body is all there.
    pub whole: bool,
    /// Whether the body ends with the connection.
    pub until_close: bool,
}

impl Message {
    /// The values of all headers of a name.
    pub fn values<'a>(&'a self, name: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        self.headers.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_slice())
    }

    /// Whether one of a header's comma-separated words is this one.
    pub fn says(&self, name: &[u8], word: &[u8]) -> bool {
        let mut words = self.values(name).flat_map(|value| value.split(|&b| b == b','));
        words.any(|part| part.trim_ascii().eq_ignore_ascii_case(word))
    }

    /// Whether the connection serves another request after this one.
    pub fn stays(&self) -> bool {
        let [first, _, last] = &self.line;
        let new = [first, last].iter().any(|word| *word == b"HTTP/1.1");
        !self.until_close && !self.says(b"connection", b"close") && (new || self.says(b"connection", b"keep-alive"))
    }

    /// Whether another response follows (RFC 9110, 15.2); after 101 another protocol does.
    pub fn is_interim(&self) -> bool {
        self.line[1].starts_with(b"1") && self.line[1] != b"101"
    }

    /// The value of a header that may not be repeated.
    pub(super) fn only(&self, name: &'static [u8]) -> Read<Option<&[u8]>> {
        let mut values = self.values(name);
        match (values.next(), values.next()) {
            (value, None) => Ok(value),
            _ => Err(Stop::Wrong("a header that must be alone is repeated")),
        }
    }
}
