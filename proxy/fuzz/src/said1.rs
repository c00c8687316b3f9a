//! What a server's bytes mean as the answer to a request (RFC 9112, 6.3), as far as they have one meaning.

use crate::ask1::Ask;
use crate::plan::End;
use crate::strict::message::Message;
use crate::strict::{Next, served};

/// Header lines that a proxy takes.
const HEADERS_MAX: usize = 256;

/// A server's answer.
#[derive(Debug)]
pub struct Said {
    /// Interim answers.
    pub interims: Vec<Message>,
    /// The last one.
    pub last: Last,
}

/// The last answer.
#[derive(Debug)]
pub enum Last {
    /// A message, whole or not.
    Answer(Message),
    /// Consent to a tunnel, and what comes through it.
    Tunnel(Message, Vec<u8>),
    /// None, or not even a whole head.
    Nothing,
}

impl Said {
    /// The answer to `ask` in `bytes`, after which the server ends like this.
    pub fn by(mut bytes: &[u8], ask: Ask, end: End) -> Self {
        let mut interims = Vec::new();
        let last = loop {
            match served(bytes, ask.method()) {
                Next::Message(message, length) if message.headers.len() <= HEADERS_MAX => {
                    bytes = &bytes[length..];
                    if ask.tunnels(&message.line[1]) {
                        break Last::Tunnel(message, bytes.to_vec());
                    }
                    if message.line[1] == b"101" {
                        break Last::Nothing; // nobody asked for another protocol
                    }
                    if message.is_interim() {
                        interims.push(message);
                        continue;
                    }
                    // What ends with a connection that breaks off may have had more to it.
                    let whole = !message.until_close || end != End::Abort;
                    break Last::Answer(Message { whole, ..message });
                }
                Next::Partial(Some(message)) if message.headers.len() <= HEADERS_MAX => break Last::Answer(message),
                _ => break Last::Nothing,
            }
        };
        Self { interims, last }
    }
}
