//! Whether what a client of HTTP/1 got, and what its server got, follows from what the server said.

use crate::ask1::{Ask, TUNNELED};
use crate::plan::{End, Way};
use crate::said1::{Last, Said};
use crate::server1::Got;
use crate::strict::message::{Field, Message};
use crate::talk1::{Ended, Heard};

type Verdict = Result<(), String>;

/// Headers that are each hop's own, and those that say where a body ends.
const OF_THE_HOP: [&[u8]; 9] = [
    b"connection",
    b"content-length",
    b"http2-settings",
    b"keep-alive",
    b"proxy-connection",
    b"te",
    b"trailer",
    b"transfer-encoding",
    b"upgrade",
];
/// Fields that make no sense behind a body, where proxies leave them out (RFC 9110, 6.5.1).
const NOT_IN_TRAILERS: [&[u8]; 8] = [
    b"authorization",
    b"content-encoding",
    b"content-range",
    b"content-type",
    b"cookie",
    b"expect",
    b"host",
    b"set-cookie",
];

/// What was asked, how, and how the server ended.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// The proxies on the way.
    pub way: Way,
    /// The request.
    pub ask: Ask,
    /// What the server did in the end.
    pub end: End,
}

/// The first answer is the server's, or the proxy's own where the server's makes no sense.
pub fn first(said: &Said, heard: &Heard, asked: Asked) -> Verdict {
    interims(&said.interims, heard, asked)?;
    let Some(answer) = &heard.answer else {
        // An answer that was found to be broken off before any of it was passed on.
        let broken = matches!(&said.last, Last::Answer(message) if !message.whole) && heard.ended.is_some();
        return if broken { Ok(()) } else { Err(format!("the client got no answer: {heard:?}, {said:?}")) };
    };
    if heard.ended.is_none() && !answer.whole {
        return Err(format!("half an answer is all that comes: {answer:?}"));
    }
    if !heard.sent && answer.stays() {
        return Err("the connection stays, and nobody knows whether the request's body follows".to_owned());
    }
    match &said.last {
        Last::Tunnel(consent, through) if answer.line[1] == consent.line[1] => tunnel(through, heard, asked),
        Last::Answer(message) if answer.line[1] == message.line[1] && is_relayed(message, answer) => {
            alone(heard).and_then(|()| relayed(message, answer))
        }
        Last::Answer(message) if message.whole => Err(format!("{answer:?} came instead of the answer {message:?}")),
        Last::Tunnel(consent, _) => Err(format!("{answer:?} came instead of the consent {consent:?}")),
        _ if is_own(answer, asked.way) => alone(heard),
        last => Err(format!("{answer:?} came, where the server's answer was {last:?}")),
    }
}

/// The second answer is always the right one.
pub fn second(heard: &Heard) -> Verdict {
    let right = heard.answer.as_ref().is_some_and(|answer| {
        answer.whole && answer.line[1] == b"200" && answer.body == b"good" && answer.says(b"x-of", b"two")
    });
    if right && heard.interims.is_empty() { alone(heard) } else { Err(format!("the second request got {heard:?}")) }
}

/// The server got the request as often as it may, and what was said through the tunnel.
pub fn server(got: &Got, said: &Said, asked: Asked) -> Verdict {
    if let Some(wrong) = &got.wrong {
        return Err(wrong.clone());
    }
    let tries = asked.ask.tries(if asked.way == Way::Both { 2 } else { 1 });
    if got.tries > tries || got.tries == 0 {
        return Err(format!("the server was asked {} times, at most {tries} are right", got.tries));
    }
    let through = matches!(said.last, Last::Tunnel(..)) && asked.end != End::Abort;
    if !TUNNELED.starts_with(&got.tunneled) || (through && got.tunneled != TUNNELED) {
        return Err(format!("the server got {:?} through the tunnel", String::from_utf8_lossy(&got.tunneled)));
    }
    Ok(())
}

/// Some of the server's, in their order; none for a client that does not know them.
fn interims(said: &[Message], heard: &Heard, asked: Asked) -> Verdict {
    let mut rest = said.iter();
    for interim in &heard.interims {
        // A request that is tried again may have several; each came.
        let is_said = rest.any(|said| said.line[1] == interim.line[1])
            || said.iter().any(|said| said.line[1] == interim.line[1]) && asked.ask.tries(1) > 1;
        if !is_said || asked.ask == Ask::Old || interim.headers.iter().any(is_hidden) {
            return Err(format!("the interim answer {interim:?} came, and the server said {said:?}"));
        }
    }
    Ok(())
}

/// Nothing comes behind an answer.
fn alone(heard: &Heard) -> Verdict {
    if heard.rest.is_empty() {
        return Ok(());
    }
    Err(format!("{:?} came behind the answer", String::from_utf8_lossy(&heard.rest)))
}

/// What went through is what the server said, and whole only if the server ended it.
fn tunnel(through: &[u8], heard: &Heard, asked: Asked) -> Verdict {
    let all = asked.end != End::Abort;
    if !through.starts_with(&heard.rest) || (all && heard.rest.len() < through.len()) {
        return Err(format!("{:?} came through the tunnel, not {through:?}", String::from_utf8_lossy(&heard.rest)));
    }
    if !all && heard.ended == Some(Ended::Orderly) {
        return Err("a tunnel that broke off looks as if it had ended".to_owned());
    }
    Ok(())
}

/// Whether it is the server's answer so far: no other body, no length that is not its own.
fn is_relayed(said: &Message, heard: &Message) -> bool {
    if heard.whole { said.whole && said.body == heard.body } else { !said.whole && said.body.starts_with(&heard.body) }
}

/// The headers are the server's, but for those of the hop.
fn relayed(said: &Message, heard: &Message) -> Verdict {
    let named = |name: &[u8]| said.says(b"connection", name);
    let passes = |(name, _): &&Field| !is_hop(name) && !is_hidden_name(name) && !named(name);
    let mut right: Vec<&Field> = said.headers.iter().filter(passes).collect();
    let mut came: Vec<&Field> = heard.headers.iter().filter(|(name, _)| !is_hop(name)).collect();
    right.sort();
    came.sort();
    if right != came {
        return Err(format!("the server's headers were {right:?}, and the client's {came:?}"));
    }
    let of_the_end = |(name, _): &&Field| !is_hop(name) && !NOT_IN_TRAILERS.contains(&name.as_slice());
    let mut right: Vec<&Field> = said.trailers.iter().filter(of_the_end).collect();
    let mut came: Vec<&Field> = heard.trailers.iter().collect();
    right.sort();
    came.sort();
    if heard.whole && !heard.until_close && right != came {
        return Err(format!("the server's trailers were {right:?}, and the client's {came:?}"));
    }
    Ok(())
}

/// An error that a proxy answers itself.
fn is_own(answer: &Message, way: Way) -> bool {
    let explains = answer.values(b"l5d-proxy-error").next().is_some();
    let hidden = answer.headers.iter().filter(|(name, _)| is_hidden_name(name)).count();
    hidden <= 1
        && answer.whole
        && answer.line[1] == b"502"
        && (explains || (way == Way::Inbound && answer.body.is_empty()))
}

fn is_hop(name: &[u8]) -> bool {
    OF_THE_HOP.contains(&name)
}

fn is_hidden_name(name: &[u8]) -> bool {
    name.starts_with(b"l5d-")
}

/// What only proxies tell each other, or what a hop keeps to itself.
fn is_hidden((name, _): &Field) -> bool {
    is_hidden_name(name) || name == b"connection" || name == b"transfer-encoding"
}
