//! HTTP/1 read by the letter (RFC 9112), by somebody who shares no line with the proxy: what is not exactly right is wrong.

mod body;
mod fields;
pub mod message;

use body::{Framing, framing};
use fields::is_token;
use message::Message;

/// What bytes begin with.
#[derive(Debug)]
pub enum Next {
    /// A message and how many bytes it has.
    Message(Message, usize),
    /// The start of one; its head if that is whole.
    Partial(Option<Message>),
    /// None, and why.
    Wrong(&'static str),
}

/// How heads are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    /// By the letter.
    Exact,
    /// As servers are known to write them, where it has one meaning only: LF alone ends a line, a status needs no space behind
    /// it, and one length may be given several times.
    Sloppy,
}

type Read<T> = Result<T, Stop>;

enum Stop {
    Short,
    Wrong(&'static str),
}

/// The request at the start of `bytes`, with empty lines before it.
pub fn request(bytes: &[u8]) -> Next {
    next(bytes, Style::Exact, |message| {
        let [method, target, version] = &message.line;
        if method.is_empty() || !method.iter().all(|&b| is_token(b)) || target.is_empty() {
            return Err(Stop::Wrong("no request line"));
        }
        if !target.iter().all(u8::is_ascii_graphic) || ![b"HTTP/1.0", b"HTTP/1.1"].iter().any(|v| version == *v) {
            return Err(Stop::Wrong("no request line"));
        }
        let old = version == b"HTTP/1.0";
        let host = message.only(b"host")?;
        if host.is_none() && !old {
            return Err(Stop::Wrong("no host"));
        }
        match framing(message, Style::Exact)? {
            Some(Framing::Chunked) if old => Err(Stop::Wrong("chunks in HTTP/1.0")),
            framing => Ok(framing.unwrap_or(Framing::Length(0))),
        }
    })
}

/// The response at the start of `bytes`, to a request of this method.
pub fn response(bytes: &[u8], method: &[u8]) -> Next {
    answer(bytes, method, Style::Exact)
}

/// The same of a server that is not held to the letter, as far as what it says has one meaning.
pub fn served(bytes: &[u8], method: &[u8]) -> Next {
    answer(bytes, method, Style::Sloppy)
}

fn answer(bytes: &[u8], method: &[u8], style: Style) -> Next {
    next(bytes, style, |message| {
        let [version, status, _reason] = &message.line;
        let old = version == b"HTTP/1.0";
        let is_status = matches!(status[..], [b'1'..=b'9', b'0'..=b'9', b'0'..=b'9']);
        if !(old || version == b"HTTP/1.1") || !is_status {
            return Err(Stop::Wrong("no status line"));
        }
        let framing = framing(message, style)?;
        if old && matches!(framing, Some(Framing::Chunked)) {
            return Err(Stop::Wrong("chunks in HTTP/1.0"));
        }
        let bodiless = method == b"HEAD"
            || status.starts_with(b"1")
            || status == b"204"
            || status == b"304"
            || (method == b"CONNECT" && status.starts_with(b"2"));
        Ok(if bodiless { Framing::Length(0) } else { framing.unwrap_or(Framing::UntilClose) })
    })
}

fn next(bytes: &[u8], style: Style, judge: impl Fn(&Message) -> Read<Framing>) -> Next {
    let mut at = fields::empty_lines(bytes, style);
    let judged = fields::head(bytes, &mut at, style).and_then(|message| Ok((judge(&message)?, message)));
    let (framing, mut message) = match judged {
        Ok(judged) => judged,
        Err(Stop::Short) => return Next::Partial(None),
        Err(Stop::Wrong(why)) => return Next::Wrong(why),
    };
    match body::read(framing, bytes, &mut at, &mut message) {
        Ok(()) => {
            message.whole = true;
            Next::Message(message, at)
        }
        // What came before a mistake may have been passed on; nothing after it is a message.
        Err(_) => Next::Partial(Some(message)),
    }
}
