//! Bodies and their ends (RFC 9112, 6 and 7).

use super::fields::{is_control, line, section};
use super::message::Message;
use super::{Read, Stop, Style};

/// How a message's end is found.
pub(super) enum Framing {
    Length(usize),
    Chunked,
    UntilClose,
}

/// What the head says of the end.
pub(super) fn framing(message: &Message, style: Style) -> Read<Option<Framing>> {
    let length = match style {
        Style::Exact => message.only(b"content-length")?.map(number).transpose()?,
        Style::Sloppy => one_of_many(message)?,
    };
    match (message.only(b"transfer-encoding")?, length) {
        (None, length) => Ok(length.map(Framing::Length)),
        (Some(coding), None) if coding.eq_ignore_ascii_case(b"chunked") => Ok(Some(Framing::Chunked)),
        (Some(_), None) => Err(Stop::Wrong("an unknown coding")),
        (Some(_), Some(_)) => Err(Stop::Wrong("a length and a coding")),
    }
}

fn one_of_many(message: &Message) -> Read<Option<usize>> {
    let mut length = None;
    for part in message.values(b"content-length").flat_map(|value| value.split(|&b| b == b',')) {
        let number = number(part.trim_ascii())?;
        if length.replace(number).is_some_and(|other| other != number) {
            return Err(Stop::Wrong("two lengths"));
        }
    }
    Ok(length)
}

fn number(digits: &[u8]) -> Read<usize> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(Stop::Wrong("a length that is no number"));
    }
    let number: Option<i64> = String::from_utf8_lossy(digits).parse().ok();
    number.and_then(|number| usize::try_from(number).ok()).ok_or(Stop::Wrong("a length beyond all"))
}

/// The body at `at`, as far as it is there.
pub(super) fn read(framing: Framing, bytes: &[u8], at: &mut usize, message: &mut Message) -> Read<()> {
    match framing {
        Framing::Length(length) => take(length, bytes, at, &mut message.body),
        Framing::Chunked => chunks(bytes, at, message),
        Framing::UntilClose => {
            message.until_close = true;
            take(bytes.len() - *at, bytes, at, &mut message.body)
        }
    }
}

fn chunks(bytes: &[u8], at: &mut usize, message: &mut Message) -> Read<()> {
    loop {
        let size = line(bytes, at, Style::Exact)?;
        let digits = size.iter().take_while(|b| b.is_ascii_hexdigit()).count();
        let (size, extension) = size.split_at(digits);
        if !is_extension(extension) {
            return Err(Stop::Wrong("a chunk whose extension is none"));
        }
        let size = usize::from_str_radix(&String::from_utf8_lossy(size), 16);
        let size = size.map_err(|_| Stop::Wrong("a chunk without a size, or beyond all"))?;
        if size == 0 {
            message.trailers = section(bytes, at, Style::Exact)?;
            return Ok(());
        }
        take(size, bytes, at, &mut message.body)?;
        if !line(bytes, at, Style::Exact)?.is_empty() {
            return Err(Stop::Wrong("a chunk longer than its size"));
        }
    }
}

/// Nothing, or what a semicolon begins.
fn is_extension(bytes: &[u8]) -> bool {
    let rest = &bytes[bytes.iter().take_while(|b| matches!(b, b' ' | b'\t')).count()..];
    bytes.is_empty() || (rest.starts_with(b";") && !rest.iter().any(|&b| is_control(b)))
}

fn take(length: usize, bytes: &[u8], at: &mut usize, into: &mut Vec<u8>) -> Read<()> {
    let start = *at;
    *at = start.saturating_add(length).min(bytes.len());
    into.extend_from_slice(&bytes[start..*at]);
    if *at - start < length { Err(Stop::Short) } else { Ok(()) }
}
