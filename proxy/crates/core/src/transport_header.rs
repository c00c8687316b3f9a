//! The header with which a proxy names the real destination on a direct connection to another proxy.
//!
//! On the wire: the protocol's name and an empty line, the length of the message (32 bits, big endian), and the message
//! `io.linkerd.proxy.transport.Header` of the contract.

use std::sync::Arc;

use crate::protobuf::{Fields, Malformed, Value, put_bytes, put_varint};

/// Negotiated by TLS; a connection without it carries no header.
pub const ALPN: &[u8] = b"transport.l5d.io/v1";
/// The most bytes that a header takes.
pub const MAX: usize = PREFACE.len() + 4 + MESSAGE_MAX;

const PREFACE: &[u8] = b"transport.l5d.io/v1\r\n\r\n";
/// More than the longest name needs, with room for fields of a later day.
const MESSAGE_MAX: usize = 1024;
/// RFC 1035, as text without the final dot.
const NAME_MAX: usize = 253;

/// Where a connection goes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Header {
    /// The port of the workload, or of `name`; never 0.
    pub port: u16,
    /// Another name than the peer itself, for a gateway.
    pub name: Option<Arc<str>>,
    /// What is spoken after the header; `None` for bytes that nobody reads.
    pub session: Option<Session>,
}

/// A protocol between proxies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Session {
    /// HTTP/1.
    Http1,
    /// HTTP/2.
    Http2,
}

/// What the first bytes of a direct connection are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decoded {
    /// The start of a header.
    NeedMore,
    /// A header, and how many bytes it took.
    Done(Header, usize),
    /// No header, with the reason.
    Invalid(&'static str),
}

impl Header {
    /// The bytes that go before all others.
    pub fn encode(&self) -> Vec<u8> {
        let mut message = Vec::with_capacity(32);
        put_varint(&mut message, 1, u64::from(self.port));
        if let Some(name) = &self.name {
            put_bytes(&mut message, 2, name.as_bytes());
        }
        if let Some(session) = self.session {
            let kind = match session {
                Session::Http1 => 1,
                Session::Http2 => 2,
            };
            let mut protocol = Vec::with_capacity(2);
            put_bytes(&mut protocol, kind, &[]);
            put_bytes(&mut message, 3, &protocol);
        }
        let mut bytes = Vec::with_capacity(PREFACE.len() + 4 + message.len());
        bytes.extend_from_slice(PREFACE);
        bytes.extend_from_slice(&(message.len() as u32).to_be_bytes());
        bytes.extend_from_slice(&message);
        bytes
    }
}

/// Reads a header off the start of `bytes`. Never waits for more than [`MAX`] bytes.
pub fn decode(bytes: &[u8]) -> Decoded {
    let Some(rest) = bytes.strip_prefix(PREFACE) else {
        let possible = PREFACE.starts_with(bytes);
        return if possible {
            Decoded::NeedMore
        } else {
            Decoded::Invalid("it does not begin with the protocol's name")
        };
    };
    let Some((length, rest)) = rest.split_first_chunk::<4>() else { return Decoded::NeedMore };
    let length = u32::from_be_bytes(*length) as usize;
    if length > MESSAGE_MAX {
        return Decoded::Invalid("it is too long");
    }
    let Some(message) = rest.get(..length) else { return Decoded::NeedMore };
    match header(message) {
        Ok(header) => Decoded::Done(header, PREFACE.len() + 4 + length),
        Err(Malformed(reason)) => Decoded::Invalid(reason),
    }
}

fn header(message: &[u8]) -> Result<Header, Malformed> {
    let (mut port, mut name, mut session) = (0, None, None);
    for field in Fields::new(message) {
        match field? {
            (1, Value::Varint(value)) => port = value,
            (2, Value::Bytes(value)) => name = name_of(value)?,
            (3, Value::Bytes(value)) => session = session_of(value)?.or(session),
            (1..=3, _) => return Err(Malformed("a field has the wrong type")),
            _ => {}
        }
    }
    let port = u16::try_from(port).ok().filter(|port| *port != 0).ok_or(Malformed("its port is none"))?;
    Ok(Header { port, name, session })
}

fn name_of(bytes: &[u8]) -> Result<Option<Arc<str>>, Malformed> {
    if bytes.len() > NAME_MAX {
        return Err(Malformed("its name is too long"));
    }
    let is_dns = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':' | b'[' | b']');
    match std::str::from_utf8(bytes) {
        Ok("") => Ok(None),
        Ok(name) if name.bytes().all(|byte| is_dns(&byte)) => Ok(Some(name.into())),
        _ => Err(Malformed("its name is no host")),
    }
}

/// The last kind counts, as in every `oneof`.
fn session_of(message: &[u8]) -> Result<Option<Session>, Malformed> {
    let mut session = None;
    for field in Fields::new(message) {
        match field? {
            (1, Value::Bytes(kind)) => session = Some((Session::Http1, kind)),
            (2, Value::Bytes(kind)) => session = Some((Session::Http2, kind)),
            (1..=2, _) => return Err(Malformed("a field has the wrong type")),
            _ => {}
        }
        if let Some((_, kind)) = session {
            Fields::new(kind).try_for_each(|field| field.map(|_| ()))?;
        }
    }
    Ok(session.map(|(session, _)| session))
}
