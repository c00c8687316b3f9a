//! HTTP/1 read by the letter (RFC 9112), by somebody who shares no line with the proxy: what is not exactly right is wrong.

/// A message, as far as it arrived.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// The words of the first line.
    pub line: [Vec<u8>; 3],
    /// Names in lower case, values without white space around them.
    pub headers: Vec<(Vec<u8>, Vec<u8>)>,
    /// Without its coding.
    pub body: Vec<u8>,
    /// Whether the body is all there.
    pub whole: bool,
}

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

/// How a message's end is found.
enum Framing {
    Length(usize),
    Chunked,
    UntilClose,
}

type Read<T> = Result<T, Stop>;

enum Stop {
    Short,
    Wrong(&'static str),
}

impl Message {
    /// The values of all headers of a name.
    pub fn values<'a>(&'a self, name: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        self.headers.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_slice())
    }

    /// Whether one of a header's comma-separated words is this one.
    pub fn says(&self, name: &[u8], word: &[u8]) -> bool {
        let mut words = self.values(name).flat_map(|value| value.split(|&b| b == b','));
        words.any(|part| part.trim_ascii().eq_ignore_ascii_case(word))
    }

    /// Whether the connection serves another request after this one.
    pub fn stays(&self) -> bool {
        !self.says(b"connection", b"close") && (self.line[2] == b"HTTP/1.1" || self.says(b"connection", b"keep-alive"))
    }

    fn only(&self, name: &'static [u8]) -> Read<Option<&[u8]>> {
        let mut values = self.values(name);
        match (values.next(), values.next()) {
            (value, None) => Ok(value),
            _ => Err(Stop::Wrong("a header that must be alone is repeated")),
        }
    }
}

/// The request at the start of `bytes`, with empty lines before it.
pub fn request(bytes: &[u8]) -> Next {
    next(bytes, |message| {
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
        match framing(message)? {
            Some(Framing::Chunked) if old => Err(Stop::Wrong("chunks in HTTP/1.0")),
            framing => Ok(framing.unwrap_or(Framing::Length(0))),
        }
    })
}

/// The response at the start of `bytes`, to a request of this method.
pub fn response(bytes: &[u8], method: &[u8]) -> Next {
    next(bytes, |message| {
        let [version, status, _reason] = &message.line;
        if !version.starts_with(b"HTTP/1.") || status.len() != 3 || !status.iter().all(u8::is_ascii_digit) {
            return Err(Stop::Wrong("no status line"));
        }
        let bodiless = method == b"HEAD" || status.starts_with(b"1") || status == b"204" || status == b"304";
        let framing = framing(message)?.unwrap_or(Framing::UntilClose);
        Ok(if bodiless { Framing::Length(0) } else { framing })
    })
}

fn next(bytes: &[u8], judge: impl Fn(&Message) -> Read<Framing>) -> Next {
    let mut at = 0;
    while bytes[at..].starts_with(b"\r\n") {
        at += 2;
    }
    let mut message = match head(bytes, &mut at) {
        Ok(message) => message,
        Err(Stop::Short) => return Next::Partial(None),
        Err(Stop::Wrong(why)) => return Next::Wrong(why),
    };
    let framing = match judge(&message) {
        Ok(framing) => framing,
        Err(Stop::Short) => return Next::Partial(None),
        Err(Stop::Wrong(why)) => return Next::Wrong(why),
    };
    let read = match framing {
        Framing::Length(length) => {
            let end = at.saturating_add(length).min(bytes.len());
            message.body.extend_from_slice(&bytes[at..end]);
            at = end;
            if message.body.len() < length { Err(Stop::Short) } else { Ok(()) }
        }
        Framing::Chunked => chunks(bytes, &mut at, &mut message.body),
        Framing::UntilClose => {
            message.body.extend_from_slice(&bytes[at..]);
            at = bytes.len();
            Ok(())
        }
    };
    match read {
        Ok(()) => {
            message.whole = true;
            Next::Message(message, at)
        }
        // What came before a mistake may have been passed on; nothing after it is a message.
        Err(_) => Next::Partial(Some(message)),
    }
}

fn head(bytes: &[u8], at: &mut usize) -> Read<Message> {
    let mut message = Message::default();
    let first = line(bytes, at)?;
    let mut words = first.splitn(3, |&b| b == b' ');
    for word in &mut message.line {
        *word = words.next().ok_or(Stop::Wrong("a first line with too few words"))?.to_vec();
    }
    loop {
        let line = line(bytes, at)?;
        if line.is_empty() {
            return Ok(message);
        }
        message.headers.push(field(line)?);
    }
}

fn field(line: &[u8]) -> Read<(Vec<u8>, Vec<u8>)> {
    let colon = line.iter().position(|&b| b == b':').ok_or(Stop::Wrong("a header without a colon"))?;
    let (name, value) = (&line[..colon], &line[colon + 1..]);
    if name.is_empty() || !name.iter().all(|&b| is_token(b)) {
        return Err(Stop::Wrong("a header whose name is no token"));
    }
    if value.iter().any(|&b| b.is_ascii_control() && b != b'\t') {
        return Err(Stop::Wrong("a control character in a header"));
    }
    let space = |b: &u8| matches!(b, b' ' | b'\t');
    let start = value.iter().position(|b| !space(b)).unwrap_or(value.len());
    let end = value.iter().rposition(|b| !space(b)).map_or(start, |last| last + 1);
    Ok((name.to_ascii_lowercase(), value[start..end].to_vec()))
}

/// A line without its CRLF.
fn line<'a>(bytes: &'a [u8], at: &mut usize) -> Read<&'a [u8]> {
    let rest = &bytes[*at..];
    let Some(end) = rest.iter().position(|b| matches!(b, b'\r' | b'\n')) else { return Err(Stop::Short) };
    match rest[end..] {
        [b'\r', b'\n', ..] => {
            *at += end + 2;
            Ok(&rest[..end])
        }
        [b'\r'] => Err(Stop::Short),
        _ => Err(Stop::Wrong("half a line end")),
    }
}

fn framing(message: &Message) -> Read<Option<Framing>> {
    let length = match message.only(b"content-length")? {
        Some(digits) if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) => {
            return Err(Stop::Wrong("a length that is no number"));
        }
        Some(digits) => {
            let number = String::from_utf8_lossy(digits).parse().map_err(|_| Stop::Wrong("a length beyond all"))?;
            Some(Framing::Length(number))
        }
        None => None,
    };
    match (message.only(b"transfer-encoding")?, length) {
        (None, length) => Ok(length),
        (Some(coding), None) if coding.eq_ignore_ascii_case(b"chunked") => Ok(Some(Framing::Chunked)),
        (Some(_), None) => Err(Stop::Wrong("an unknown coding")),
        (Some(_), Some(_)) => Err(Stop::Wrong("a length and a coding")),
    }
}

fn chunks(bytes: &[u8], at: &mut usize, body: &mut Vec<u8>) -> Read<()> {
    loop {
        let size = line(bytes, at)?;
        let digits = size.iter().take_while(|b| b.is_ascii_hexdigit()).count();
        let rest = size[digits..].trim_ascii_start();
        if digits == 0 || !(rest.is_empty() && digits == size.len() || rest.starts_with(b";")) {
            return Err(Stop::Wrong("a chunk without a size"));
        }
        let size = std::str::from_utf8(&size[..digits]).unwrap_or_default();
        let size = usize::from_str_radix(size, 16).map_err(|_| Stop::Wrong("a chunk beyond all"))?;
        if size == 0 {
            while !line(bytes, at)
                .and_then(|line| if line.is_empty() { Ok(true) } else { field(line).map(|_| false) })?
            {}
            return Ok(());
        }
        let end = at.saturating_add(size).min(bytes.len());
        body.extend_from_slice(&bytes[*at..end]);
        if end - *at < size {
            return Err(Stop::Short);
        }
        *at = end;
        if !line(bytes, at)?.is_empty() {
            return Err(Stop::Wrong("a chunk longer than its size"));
        }
    }
}

/// RFC 9110, 5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
