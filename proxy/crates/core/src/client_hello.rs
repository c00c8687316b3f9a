//! The server name that a TLS client asks for, read from its first message.

use std::borrow::Cow;

/// The most bytes that are looked at. A longer ClientHello counts as none.
pub const MAX: usize = 8 * 1024;

const HANDSHAKE: u8 = 22;
/// Of a record, in all versions; the minor one says nothing (RFC 8446, 5.1).
const VERSION_MAJOR: u8 = 3;
const CLIENT_HELLO: u8 = 1;
const SERVER_NAME: u16 = 0;
const HOST_NAME: u8 = 0;
/// RFC 8446, 5.1.
const FRAGMENT_MAX: usize = 1 << 14;
/// RFC 1035, as text without the final dot.
const NAME_MAX: usize = 253;

/// What the first bytes of a connection are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientHello {
    /// The start of a ClientHello.
    NeedMore,
    /// A whole ClientHello.
    Found {
        /// The server name, in lower case, if the client sent one.
        sni: Option<String>,
    },
    /// Anything else.
    Invalid,
}

/// Reads the ClientHello at the start of `bytes` (RFC 8446, 4.1.2), which may be spread over several records. Decided as
/// soon as possible, and always from [`MAX`] bytes on; more bytes never change the answer.
pub fn parse(bytes: &[u8]) -> ClientHello {
    let whole = bytes.len() >= MAX;
    let bytes = &bytes[..bytes.len().min(MAX)];
    match message(bytes) {
        Ok(body) => match server_name(&body) {
            Some(sni) => ClientHello::Found { sni },
            None => ClientHello::Invalid,
        },
        Err(Short::NeedMore) if !whole => ClientHello::NeedMore,
        Err(_) => ClientHello::Invalid,
    }
}

enum Short {
    NeedMore,
    Invalid,
}

/// The body of the ClientHello, put together from its records.
fn message(mut bytes: &[u8]) -> Result<Cow<'_, [u8]>, Short> {
    let mut joined = Cow::Borrowed(&[][..]);
    loop {
        let (length, arrived) = record(bytes)?;
        let fragment = &bytes[5..5 + arrived];
        if joined.is_empty() {
            joined = Cow::Borrowed(fragment);
        } else {
            joined.to_mut().extend_from_slice(fragment);
        }
        if let Some(total) = message_length(&joined)? {
            let promised = joined.len() + (length - arrived);
            if promised > total {
                // Nothing may share a record with a ClientHello: the peer's answer to it changes the keys.
                return Err(Short::Invalid);
            }
            if joined.len() == total {
                return Ok(match joined {
                    Cow::Borrowed(message) => Cow::Borrowed(&message[4..]),
                    Cow::Owned(message) => Cow::Owned(message[4..].to_vec()),
                });
            }
        }
        if arrived < length {
            return Err(Short::NeedMore);
        }
        bytes = &bytes[5 + length..];
    }
}

/// The length of the first record's fragment, and how much of it is there.
fn record(bytes: &[u8]) -> Result<(usize, usize), Short> {
    if bytes.iter().zip([HANDSHAKE, VERSION_MAJOR]).any(|(&byte, expected)| byte != expected) {
        return Err(Short::Invalid);
    }
    let Some((&[_, _, _, high, low], rest)) = bytes.split_first_chunk() else { return Err(Short::NeedMore) };
    let length = usize::from(u16::from_be_bytes([high, low]));
    if length == 0 || length > FRAGMENT_MAX {
        return Err(Short::Invalid);
    }
    Ok((length, rest.len().min(length)))
}

/// The length of the whole message with its header, once that is known.
fn message_length(message: &[u8]) -> Result<Option<usize>, Short> {
    if message.first().is_some_and(|&kind| kind != CLIENT_HELLO) {
        return Err(Short::Invalid);
    }
    let Some(&[_, high, middle, low]) = message.first_chunk() else { return Ok(None) };
    let total = 4 + usize::from(high) * 0x1_0000 + usize::from(middle) * 0x100 + usize::from(low);
    if total > MAX { Err(Short::Invalid) } else { Ok(Some(total)) }
}

/// The server name of a ClientHello's body; `None` if the body is malformed.
fn server_name(body: &[u8]) -> Option<Option<String>> {
    let mut hello = Reader(body);
    // A server judges versions by an extension where there is one (RFC 8446, 4.2.1), and answers with what it speaks itself
    // to a client that claims a later one (RFC 5246, E.1).
    let _legacy_version = hello.array::<2>()?;
    let _random = hello.array::<32>()?;
    let session = hello.vector8()?;
    let ciphers = hello.vector16()?;
    let compressions = hello.vector8()?;
    if session.len() > 32 || ciphers.is_empty() || ciphers.len() % 2 != 0 || compressions.is_empty() {
        return None;
    }
    if hello.0.is_empty() {
        return Some(None); // before TLS 1.3 extensions were optional
    }
    let mut extensions = Reader(hello.vector16()?);
    if !hello.0.is_empty() {
        return None;
    }
    let mut name = None;
    while !extensions.0.is_empty() {
        let kind = u16::from_be_bytes(*extensions.array()?);
        let content = extensions.vector16()?;
        if kind == SERVER_NAME && name.replace(host_name(content)?).is_some() {
            return None;
        }
    }
    Some(name)
}

/// The one host name of a server name extension (RFC 6066, 3).
fn host_name(extension: &[u8]) -> Option<String> {
    let mut extension = Reader(extension);
    let mut list = Reader(extension.vector16()?);
    if !extension.0.is_empty() {
        return None;
    }
    let [kind] = *list.array::<1>()?;
    let name = list.vector16()?;
    if kind != HOST_NAME || !list.0.is_empty() || name.is_empty() || name.len() > NAME_MAX {
        return None;
    }
    let is_dns = |&byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if !name.iter().all(is_dns) || name.ends_with(b".") {
        return None;
    }
    Some(std::str::from_utf8(name).ok()?.to_ascii_lowercase())
}

/// Takes pieces off the front of bytes; `None` where they are too short.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn array<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(taken)
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn vector8(&mut self) -> Option<&'a [u8]> {
        let [length] = *self.array()?;
        self.take(usize::from(length))
    }

    fn vector16(&mut self) -> Option<&'a [u8]> {
        let length = u16::from_be_bytes(*self.array()?);
        self.take(usize::from(length))
    }
}
