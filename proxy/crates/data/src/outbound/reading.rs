//! What a connection of the program carries, by its first bytes.

use std::io;
use std::rc::Rc;

use bytes::BytesMut;
use hauberk_core::client_hello::{self, ClientHello};
use hauberk_core::detect::{self, Detected};
use hauberk_metrics::families::{DataMetrics, Direction};
use tokio::time::Instant;

use crate::accept::Side;
use crate::counted::Counted;
use crate::detection;
use crate::first_word::{self, Dialled, First};
use crate::outbound::accept::Refused;
use crate::outbound::destination::Destination;
use crate::outbound::opaque::{self, Attached};
use crate::outbound::stack::Reading;
use crate::sniff::{Sniffed, sniff};
use crate::worker::Worker;

/// Enough for a request line that is recognised as one.
const HTTP_SNIFF_MAX: usize = 16 * 1024;

/// What a connection carries.
pub(super) enum Spoken {
    /// The client went away without a byte.
    Nothing,
    Http1,
    Http2,
    /// Bytes that nobody reads.
    Bytes(Bytes),
}

/// A connection of bytes.
#[derive(Default)]
pub(super) struct Bytes {
    /// TLS of the program's own, with the name that it asks for.
    pub(super) tls: Option<Option<String>>,
    /// The server's connection, if the client's silence led to one.
    pub(super) server: Option<Dialled<Attached>>,
}

/// Reads as much as it takes into `heard`.
pub(super) async fn read(
    worker: &Rc<Worker>,
    socket: &mut Counted,
    heard: &mut BytesMut,
    destination: &Rc<Destination>,
    reading: Reading,
) -> Result<Spoken, Refused> {
    match reading {
        Reading::Http1 => Ok(Spoken::Http1),
        Reading::Http2 => Ok(Spoken::Http2),
        Reading::Opaque | Reading::Refused => Ok(Spoken::Bytes(Bytes::default())),
        Reading::Tls => {
            let deadline = Instant::now() + worker.shared.config.outbound.detect_timeout;
            let tls = Some(server_name(socket, heard, deadline).await?);
            Ok(Spoken::Bytes(Bytes { tls, server: None }))
        }
        Reading::Detect { takes_bytes } => {
            let server = match first_word::at_once(socket, heard).await? {
                Some(0) => return Ok(ended(takes_bytes, None)),
                Some(_) => None,
                None => match Box::pin(silent(worker, socket, heard, destination, takes_bytes)).await? {
                    Silence::Broken(server) => server,
                    Silence::Over(spoken) => return Ok(spoken),
                },
            };
            let deadline = Instant::now() + worker.shared.config.outbound.detect_timeout;
            let spoken = detect_protocol(&worker.shared.metrics, socket, heard, deadline, server).await?;
            match spoken {
                Spoken::Bytes(_) if !takes_bytes => Err(Refused::NotHttp(destination.place().clone())),
                spoken => Ok(spoken),
            }
        }
    }
}

/// What came of a client's silence.
enum Silence {
    /// The client spoke; with the server's connection, if there is one.
    Broken(Option<Dialled<Attached>>),
    /// There is nothing to look at.
    Over(Spoken),
}

/// The client said nothing at once. Where only requests may pass there is nothing that its server could say to it.
async fn silent(
    worker: &Rc<Worker>,
    socket: &mut Counted,
    heard: &mut BytesMut,
    destination: &Rc<Destination>,
    takes_bytes: bool,
) -> Result<Silence, Refused> {
    if takes_bytes {
        let patience = worker.shared.config.outbound.detect_timeout;
        match first_word::first(socket, heard, patience, opaque::dial(worker, destination)).await? {
            First::Client { ended: true, server } => return Ok(Silence::Over(ended(true, server))),
            First::Client { ended: false, server } => {
                server.iter().for_each(|dialled| worker.outbound.greeters.unlearn(&dialled.with.server));
                return Ok(Silence::Broken(server));
            }
            First::Server(dialled) => {
                worker.outbound.greeters.learn(dialled.with.server.clone());
                return Ok(Silence::Over(Spoken::Bytes(Bytes { tls: None, server: Some(dialled) })));
            }
            First::Closed => return Ok(Silence::Over(Spoken::Nothing)),
            First::Unreachable(error) => return Err(Refused::Policy(error)),
            First::Nobody => {}
        }
    }
    destination.label(worker, socket, None);
    let spoke = first_word::client_alone(socket, heard, &worker.drain.of(Side::Outbound)).await?;
    Ok(if spoke { Silence::Broken(None) } else { Silence::Over(ended(false, None)) })
}

/// A client that ends its side without a byte may still want to hear what the server has to say.
fn ended(takes_bytes: bool, server: Option<Dialled<Attached>>) -> Spoken {
    if takes_bytes { Spoken::Bytes(Bytes { tls: None, server }) } else { Spoken::Nothing }
}

/// Looks at what the client says. A server's connection that is of no use for that is closed.
async fn detect_protocol(
    metrics: &DataMetrics,
    socket: &mut Counted,
    heard: &mut BytesMut,
    deadline: Instant,
    server: Option<Dialled<Attached>>,
) -> io::Result<Spoken> {
    let began = Instant::now();
    let sniffed = sniff(socket, heard, HTTP_SNIFF_MAX, deadline, |bytes| match detect::detect(bytes) {
        Detected::NeedMore => None,
        detected => Some(detected),
    });
    let sniffed = sniffed.await;
    detection::count(metrics, Direction::Outbound, &sniffed, began);
    let detected = match sniffed? {
        Sniffed::Decided(detected) => detected,
        // Half a request line is still HTTP: the server of HTTP/1 answers it.
        Sniffed::TimedOut | Sniffed::Ended if detect::is_http_prefix(heard) => Detected::Http1,
        Sniffed::TimedOut | Sniffed::Ended => Detected::Opaque,
    };
    let http = match detected {
        Detected::Http1 => Spoken::Http1,
        Detected::Http2 => Spoken::Http2,
        Detected::Tls => {
            let tls = Some(server_name(socket, heard, deadline).await?);
            return Ok(Spoken::Bytes(Bytes { tls, server }));
        }
        Detected::Opaque | Detected::NeedMore => return Ok(Spoken::Bytes(Bytes { tls: None, server })),
    };
    server.into_iter().for_each(|dialled| first_word::close(dialled.stream));
    Ok(http)
}

/// The server name that the program's own TLS asks for.
async fn server_name(socket: &mut Counted, heard: &mut BytesMut, deadline: Instant) -> io::Result<Option<String>> {
    let sniffed = sniff(socket, heard, client_hello::MAX, deadline, |bytes| match client_hello::parse(bytes) {
        ClientHello::NeedMore => None,
        ClientHello::Found { sni } => Some(sni),
        ClientHello::Invalid => Some(None),
    });
    Ok(match sniffed.await? {
        Sniffed::Decided(name) => name,
        Sniffed::TimedOut | Sniffed::Ended => None,
    })
}
