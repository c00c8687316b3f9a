//! Whether what a client got is what its server's frames say, and that of its own stream.

use crate::ask2::{Ask, PATHS};
use crate::frames::{self, DATA, END_STREAM, GOAWAY, HEADERS, REFUSED_STREAM, RST_STREAM};
use crate::plan::Way;
use crate::server2::Try;
use crate::talk2::Answer;

type Verdict = Result<(), String>;

/// How often a request may be tried: twice by each of two proxies.
const TRIES_MAX: usize = 4;

/// What was asked, and how.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// The proxies on the way.
    pub way: Way,
    /// The requests.
    pub ask: Ask,
}

/// Each request's answer is that of a stream of its own, or the proxy's own error; the last one's is always right.
pub fn answers(said: &[u8], tries: &(Vec<Try>, Vec<String>), heard: &[Option<Answer>], asked: Asked) -> Verdict {
    let [first, second, last] = heard else { return Err("an answer is missing".to_owned()) };
    for (heard, path) in [(first, PATHS[0]), (second, PATHS[1])] {
        repeated(said, tries, path, asked)?;
        answer(said, tries, heard.as_ref(), path, asked).map_err(|why| format!("{path}: {why}"))?;
    }
    if last.as_ref().is_none_or(|last| !is_proper(last, PATHS[2], Ask::Get)) {
        return Err(format!("after everything, {last:?} came"));
    }
    Ok(())
}

fn answer(said: &[u8], tries: &(Vec<Try>, Vec<String>), heard: Option<&Answer>, path: &str, asked: Asked) -> Verdict {
    let mut streams = tries.0.iter().filter(|(tried, _)| *tried == path).map(|(_, stream)| *stream);
    let Some(heard) = heard else {
        // HTTP/1 has no other way to say that an answer broke off before any of it was passed on.
        let began =
            streams.any(|stream| frames::all(said).any(|frame| (frame.kind, frame.stream) == (HEADERS, stream)));
        return if asked.way != Way::Carried || began { Ok(()) } else { Err(format!("no answer came; {tries:?}")) };
    };
    if let Some((name, _)) = heard.headers.iter().find(|(name, _)| is_of_proxies(name)) {
        return if is_own(heard, asked) {
            Ok(())
        } else {
            Err(format!("{heard:?} came, with {:?}", String::from_utf8_lossy(name)))
        };
    }
    let elsewhere = tries.1.iter().any(|tried| tried == path) && is_proper(heard, path, asked.ask);
    if elsewhere || is_own(heard, asked) {
        return Ok(());
    }
    // What HTTP/2 carries behind such a status passes; HTTP/1 has no place for it.
    let bodiless = asked.ask == Ask::Head || (asked.way == Way::Carried && matches!(heard.status, 204 | 304));
    let is_said = streams.map(|stream| data(said, stream)).any(|(data, ended)| match (bodiless, heard.whole) {
        (true, _) => heard.body.is_empty(),
        // With HTTP/1 a body is over once it is as long as its head says, whatever follows.
        (false, true) => (ended || asked.way == Way::Carried && heard.has_length()) && data == heard.body,
        (false, false) => data.starts_with(&heard.body),
    });
    if is_said { Ok(()) } else { Err(format!("{heard:?} came, which no stream of it said")) }
}

/// A request that a server may have processed is not sent again, unless it is of those that may be.
fn repeated(said: &[u8], tries: &(Vec<Try>, Vec<String>), path: &str, asked: Asked) -> Verdict {
    let streams = || tries.0.iter().filter(|(tried, _)| *tried == path).map(|(_, stream)| *stream);
    let elsewhere = tries.1.iter().filter(|tried| *tried == path).count();
    let count = streams().count() + elsewhere;
    let refused = |stream| {
        frames::all(said).any(|frame| match frame.kind {
            GOAWAY => true,
            RST_STREAM => frame.stream == stream && frame.payload == REFUSED_STREAM,
            _ => false,
        })
    };
    let processed = streams().filter(|stream| !refused(*stream)).count() + elsewhere;
    if count == 0 || count > TRIES_MAX || (processed > 1 && !asked.ask.is_idempotent()) {
        return Err(format!("{path} reached the server {count} times"));
    }
    Ok(())
}

/// The data of a stream, and whether it was ended.
fn data(said: &[u8], stream: u32) -> (Vec<u8>, bool) {
    let mut data = Vec::new();
    for frame in frames::all(said).filter(|frame| frame.stream == stream) {
        if frame.kind == DATA {
            data.extend_from_slice(frame.data());
        }
        if matches!(frame.kind, DATA | HEADERS) && frame.flags & END_STREAM != 0 {
            return (data, true);
        }
    }
    (data, false)
}

fn is_proper(heard: &Answer, path: &str, ask: Ask) -> bool {
    let body = if ask == Ask::Head { "" } else { path };
    heard.whole && heard.status == 200 && heard.body == body.as_bytes()
}

/// An error that a proxy answers itself.
fn is_own(heard: &Answer, asked: Asked) -> bool {
    let has = |name: &[u8]| heard.headers.iter().any(|(known, _)| known == name);
    let explained = has(b"l5d-proxy-error") || (asked.way == Way::Inbound && heard.body.is_empty());
    let is_error = matches!(heard.status, 502..=504) || (heard.status == 200 && has(b"grpc-status"));
    let hidden = heard.headers.iter().filter(|(name, _)| is_of_proxies(name)).count();
    heard.whole && explained && is_error && hidden <= 1
}

/// What only proxies tell each other, or what a hop keeps to itself.
fn is_of_proxies(name: &[u8]) -> bool {
    name.starts_with(b"l5d-") || matches!(name, b"keep-alive" | b"transfer-encoding" | b"upgrade" | b"proxy-connection")
}
