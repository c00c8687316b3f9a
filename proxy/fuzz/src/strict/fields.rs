//! Lines.

use super::message::{Field, Message};
use super::{Read, Stop, Style};

/// Bytes of the empty lines at the start.
pub(super) fn empty_lines(bytes: &[u8], style: Style) -> usize {
    let mut at = 0;
    while bytes[at..].starts_with(b"\r\n") || (style == Style::Sloppy && bytes[at..].starts_with(b"\n")) {
        at += if bytes[at] == b'\r' { 2 } else { 1 };
    }
    at
}

/// The first line and the headers.
pub(super) fn head(bytes: &[u8], at: &mut usize, style: Style) -> Read<Message> {
    let mut message = Message::default();
    let first = line(bytes, at, style)?;
    let mut words = first.splitn(3, |&b| b == b' ');
    for (number, word) in message.line.iter_mut().enumerate() {
        match words.next() {
            Some(found) => *word = found.to_vec(),
            None if style == Style::Sloppy && number == 2 => {}
            None => return Err(Stop::Wrong("a first line with too few words")),
        }
    }
    if message.line[2].iter().any(|&b| is_control(b)) {
        return Err(Stop::Wrong("a control character in the first line"));
    }
    message.headers = section(bytes, at, style)?;
    Ok(message)
}

/// Headers up to the empty line.
pub(super) fn section(bytes: &[u8], at: &mut usize, style: Style) -> Read<Vec<Field>> {
    let mut fields = Vec::new();
    loop {
        let line = line(bytes, at, style)?;
        if line.is_empty() {
            return Ok(fields);
        }
        fields.push(field(line)?);
    }
}

fn field(line: &[u8]) -> Read<Field> {
    let colon = line.iter().position(|&b| b == b':').ok_or(Stop::Wrong("a header without a colon"))?;
    let (name, value) = (&line[..colon], &line[colon + 1..]);
    if name.is_empty() || !name.iter().all(|&b| is_token(b)) {
        return Err(Stop::Wrong("a header whose name is no token"));
    }
    if value.iter().any(|&b| is_control(b)) {
        return Err(Stop::Wrong("a control character in a header"));
    }
    let space = |b: &u8| matches!(b, b' ' | b'\t');
    let start = value.iter().position(|b| !space(b)).unwrap_or(value.len());
    let end = value.iter().rposition(|b| !space(b)).map_or(start, |last| last + 1);
    Ok((name.to_ascii_lowercase(), value[start..end].to_vec()))
}

/// A line without its end.
pub(super) fn line<'a>(bytes: &'a [u8], at: &mut usize, style: Style) -> Read<&'a [u8]> {
    let rest = &bytes[*at..];
    let Some(end) = rest.iter().position(|b| matches!(b, b'\r' | b'\n')) else { return Err(Stop::Short) };
    let length = match rest[end..] {
        [b'\r', b'\n', ..] => 2,
        [b'\n', ..] if style == Style::Sloppy => 1,
        [b'\r'] => return Err(Stop::Short),
        _ => return Err(Stop::Wrong("half a line end")),
    };
    *at += end + length;
    Ok(&rest[..end])
}

/// What no line may have in it.
pub(super) fn is_control(byte: u8) -> bool {
    byte.is_ascii_control() && byte != b'\t'
}

/// RFC 9110, 5.6.2.
pub(super) fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
