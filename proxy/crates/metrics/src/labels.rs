//! The labels of a series, as they stand between the braces of a page.

use std::fmt::{self, Display, Write};

/// Longest value in bytes before escaping: a DNS name with a port fits twice. What is longer is cut off.
pub const VALUE_MAX: usize = 512;

/// Names and values in the order in which they were added, escaped already.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelSet {
    text: String,
    kept: usize,
}

impl LabelSet {
    /// No labels.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a label. Characters that a name may not have become `_`; of two labels with one name the first stays, since
    /// scrapers refuse a whole page for a repeated name.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Display) -> Self {
        let before = self.text.len();
        if before > 0 {
            self.text.push(',');
        }
        let start = self.text.len();
        push_name(&mut self.text, name);
        self.text.push_str("=\"");
        if is_repeated(&self.text[..before], &self.text[start..]) {
            self.text.truncate(before);
            return self;
        }
        let mut escape = Escape { out: &mut self.text, left: VALUE_MAX };
        // Writing to a string cannot fail; an error here only means that the value was cut off.
        let _ = write!(escape, "{value}");
        self.text.push('"');
        self
    }

    /// The labels so far also stand on the series that gathers everything beyond a family's bound. Only for labels whose
    /// values are fixed in the code.
    #[must_use]
    pub fn kept_in_overflow(mut self) -> Self {
        self.kept = self.text.len();
        self
    }

    /// `name="value",…` without braces.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The labels of the series that stands for all sets beyond the bound.
    pub(crate) fn overflow(&self) -> String {
        let kept = &self.text[..self.kept];
        let comma = if kept.is_empty() { "" } else { "," };
        format!("{kept}{comma}overflow=\"true\"")
    }
}

/// Whether `opening` (`name="`) begins a label of `text`. A quote within a value is escaped, so it cannot be mistaken.
fn is_repeated(text: &str, opening: &str) -> bool {
    text.match_indices(opening).any(|(at, _)| at == 0 || text[..at].ends_with("\","))
}

fn push_name(out: &mut String, name: &str) {
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        out.push('_');
    }
    out.extend(name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }));
}

/// Escapes a value as Prometheus' text format asks: backslash, quote and line feed.
struct Escape<'a> {
    out: &'a mut String,
    left: usize,
}

impl Write for Escape<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if text.len() <= self.left && !text.bytes().any(|b| matches!(b, b'\\' | b'"' | b'\n')) {
            self.left -= text.len();
            self.out.push_str(text);
            return Ok(());
        }
        for c in text.chars() {
            self.left = self.left.checked_sub(c.len_utf8()).ok_or(fmt::Error)?;
            match c {
                '\\' => self.out.push_str("\\\\"),
                '"' => self.out.push_str("\\\""),
                '\n' => self.out.push_str("\\n"),
                c => self.out.push(c),
            }
        }
        Ok(())
    }
}
