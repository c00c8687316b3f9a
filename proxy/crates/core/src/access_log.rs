//! One line for each request, in the formats of the contract (`LINKERD2_PROXY_ACCESS_LOG`).

use std::fmt::{self, Write};
use std::net::SocketAddr;
use std::time::Duration;

use http::header::{CONTENT_LENGTH, HOST, HeaderName, HeaderValue, USER_AGENT};
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri, Version};

const SECONDS_PER_DAY: u64 = 86_400;
/// Headers that may carry the number of a trace; the first one there counts.
const TRACE_IDS: [HeaderName; 3] = [
    HeaderName::from_static("x-b3-traceid"),
    HeaderName::from_static("x-request-id"),
    HeaderName::from_static("x-amzn-trace-id"),
];

/// How a line is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Apache's Common Log Format up to the status.
    Apache,
    /// An object.
    Json,
}

/// A request as it arrived. What is kept shares the memory of the request.
#[derive(Clone, Debug)]
pub struct Asked {
    method: Method,
    uri: Uri,
    version: Version,
    trace_id: Option<HeaderValue>,
    length: Option<HeaderValue>,
    user_agent: Option<HeaderValue>,
    host: Option<HeaderValue>,
}

/// The head of its answer.
#[derive(Clone, Debug)]
pub struct Answered {
    status: StatusCode,
    length: Option<HeaderValue>,
}

/// Who asked, when, and how long it took.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances<'a> {
    /// The client's address.
    pub client: SocketAddr,
    /// The client's identity, if it proved one.
    pub client_id: Option<&'a str>,
    /// When the request arrived, since 1970.
    pub at: Duration,
    /// Until the head of the answer.
    pub total: Duration,
    /// What the proxy itself took of that.
    pub processing: Duration,
}

impl Asked {
    /// What a line tells of a request.
    pub fn of<B>(request: &Request<B>) -> Self {
        let headers = request.headers();
        Self {
            method: request.method().clone(),
            uri: request.uri().clone(),
            version: request.version(),
            trace_id: TRACE_IDS.iter().find_map(|name| headers.get(name)).cloned(),
            length: value(headers, &CONTENT_LENGTH),
            user_agent: value(headers, &USER_AGENT),
            host: value(headers, &HOST),
        }
    }
}

impl Answered {
    /// What a line tells of an answer.
    pub fn of<B>(response: &Response<B>) -> Self {
        Self { status: response.status(), length: value(response.headers(), &CONTENT_LENGTH) }
    }
}

/// The line with its end. `answered`: none for a request that got no answer.
pub fn line(format: Format, circumstances: &Circumstances<'_>, asked: &Asked, answered: Option<&Answered>) -> String {
    let mut out = String::with_capacity(256);
    // Writing to a string cannot fail.
    let _ = match format {
        Format::Apache => apache(&mut out, circumstances, asked, answered),
        Format::Json => json(&mut out, circumstances, asked, answered),
    };
    out.push('\n');
    out
}

fn apache(out: &mut String, of: &Circumstances<'_>, asked: &Asked, answered: Option<&Answered>) -> fmt::Result {
    write!(out, "{} {} - [{}] \"", of.client, of.client_id.unwrap_or("-"), Timestamp(of.at))?;
    escape(out, format_args!("{} {} {:?}", asked.method, asked.uri, asked.version))?;
    match answered {
        Some(answered) => write!(out, "\" {}", answered.status.as_u16()),
        None => out.write_str("\" -"),
    }
}

fn json(out: &mut String, of: &Circumstances<'_>, asked: &Asked, answered: Option<&Answered>) -> fmt::Result {
    write!(out, "{{\"client.addr\":\"{}\",\"client.id\":\"", of.client)?;
    escape(out, format_args!("{}", of.client_id.unwrap_or("-")))?;
    let mut texts = |name: &str, value: fmt::Arguments<'_>| {
        write!(out, "\",\"{name}\":\"")?;
        escape(out, value)
    };
    texts("host", format_args!("{}", text(&asked.host)))?;
    texts("method", format_args!("{}", asked.method))?;
    texts("processing_ns", format_args!("{}", of.processing.as_nanos()))?;
    texts("request_bytes", format_args!("{}", text(&asked.length)))?;
    texts("response_bytes", format_args!("{}", answered.map_or("", |answered| text(&answered.length))))?;
    texts("timestamp", format_args!("{}", Timestamp(of.at)))?;
    texts("total_ns", format_args!("{}", of.total.as_nanos()))?;
    texts("trace_id", format_args!("{}", text(&asked.trace_id)))?;
    texts("uri", format_args!("{}", asked.uri))?;
    texts("user_agent", format_args!("{}", text(&asked.user_agent)))?;
    texts("version", format_args!("{:?}", asked.version))?;
    match answered {
        Some(answered) => write!(out, "\",\"status\":{}}}", answered.status.as_u16()),
        None => out.write_str("\"}"),
    }
}

fn value(headers: &HeaderMap, name: &HeaderName) -> Option<HeaderValue> {
    headers.get(name).cloned()
}

/// A header that is no text is left out.
fn text(value: &Option<HeaderValue>) -> &str {
    value.as_ref().and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// A client chooses most of what is in a line: it must neither end a field nor a line. The escapes are JSON's (RFC 8259,
/// section 7), which readers of the other format take as well.
fn escape(out: &mut String, what: fmt::Arguments<'_>) -> fmt::Result {
    Escape(out).write_fmt(what)
}

struct Escape<'a>(&'a mut String);

impl Write for Escape<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            match c {
                '"' | '\\' => self.0.extend(['\\', c]),
                c if c.is_control() => write!(self.0, "\\u{:04x}", u32::from(c))?,
                c => self.0.push(c),
            }
        }
        Ok(())
    }
}

/// A moment by RFC 3339, in UTC with nanoseconds.
struct Timestamp(Duration);

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, seconds) = (self.0.as_secs() / SECONDS_PER_DAY, self.0.as_secs() % SECONDS_PER_DAY);
        let (year, month, day) = date(days);
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        let nanos = self.0.subsec_nanos();
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{nanos:09}Z")
    }
}

/// The date so many days after 1970-01-01 in the Gregorian calendar. Counted from a March, each year ends with the day that
/// only some years have; 400 years have 146,097 days.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468; // since 0000-03-01
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153; // since March
    let first = (153 * month + 2) / 5;
    let (month, next_year) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year + next_year, month, day - first + 1)
}
