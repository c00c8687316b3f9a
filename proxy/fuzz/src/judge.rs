//! Whether what a program got, and what its client got, follows from what the client sent.

use crate::path;
use crate::policy::ALLOWED;
use crate::strict::message::Message;
use crate::strict::{self, Next};

type Verdict = Result<(), String>;

/// The program sees requests that the client sent, in their order, as they were sent, and none that policy forbids.
pub fn requests(sent: &[u8], seen: &[Message]) -> Verdict {
    let meant = meant(sent);
    let mut rest = meant.iter();
    for request in seen {
        if rest.all(|sent| !is_same(sent, request)) {
            return Err(format!("the program got {request:?}, which nobody sent there; sent: {meant:?}"));
        }
        let segment = path::first_segment(path::of(&request.line[1]));
        if segment != ALLOWED.as_bytes() {
            return Err(format!("the program got {request:?}, which policy forbids"));
        }
        if let Some((name, _)) = request.headers.iter().find(|(name, _)| name.starts_with(b"l5d-")) {
            return Err(format!("a client set {:?}", String::from_utf8_lossy(name)));
        }
    }
    Ok(())
}

/// Every whole request has one answer until one closes the connection or is refused, and nothing else comes.
pub fn answers(sent: &[u8], answer: &[u8]) -> Verdict {
    let meant = meant(sent);
    let mut statuses = Vec::new();
    let mut rest = answer;
    while !rest.is_empty() {
        let method = meant.get(statuses.len()).map_or(&b"GET"[..], |request| &request.line[0]);
        match strict::response(rest, method) {
            Next::Message(response, length) => {
                rest = &rest[length..];
                if !response.line[1].starts_with(b"1") {
                    statuses.push(response.line[1].clone());
                }
            }
            Next::Partial(_) => break,
            Next::Wrong(why) => return Err(format!("the client got {why}: {:?}", String::from_utf8_lossy(answer))),
        }
    }
    let whole = meant.iter().filter(|request| request.whole).count();
    let refused = statuses.last().is_some_and(|status| status.starts_with(b"4") || status.starts_with(b"5"));
    if statuses.len() > meant.len() + 1 || (statuses.len() > meant.len() && !refused) {
        return Err(format!("{} answers to {} requests", statuses.len(), meant.len()));
    }
    let closed_unread = statuses.is_empty() && !looks_like_http(sent);
    if statuses.len() < whole && !refused && !closed_unread {
        return Err(format!("{} answers to {whole} whole requests", statuses.len()));
    }
    Ok(())
}

/// Whether the bytes begin with a method of the kind that tells HTTP from other protocols; policy refuses those.
fn looks_like_http(sent: &[u8]) -> bool {
    let method = sent.iter().take_while(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_'));
    let length = method.count();
    sent.first().is_some_and(u8::is_ascii_uppercase) && length <= 24 && sent.get(length) == Some(&b' ')
}

/// What the bytes mean, up to what means nothing or ends the connection.
fn meant(mut sent: &[u8]) -> Vec<Message> {
    let mut requests = Vec::new();
    loop {
        match strict::request(sent) {
            Next::Message(message, length) => {
                sent = &sent[length..];
                let stays = message.stays();
                requests.push(message);
                if !stays {
                    return requests;
                }
            }
            Next::Partial(Some(message)) => {
                requests.push(message);
                return requests;
            }
            Next::Partial(None) | Next::Wrong(_) => return requests,
        }
    }
}

fn is_same(sent: &Message, seen: &Message) -> bool {
    let body = if seen.whole { sent.whole && sent.body == seen.body } else { sent.body.starts_with(&seen.body) };
    sent.line[0] == seen.line[0] && path::of(&sent.line[1]) == path::of(&seen.line[1]) && body
}
