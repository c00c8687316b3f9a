//! Who speaks first on a connection. A client that says nothing may be waiting for its server's greeting (SMTP, MySQL), or
//! may have nothing to say yet (an HTTP client that connects ahead of its requests); only the server's word tells.
//!
//! So after a moment the server is dialled, and whoever speaks first decides: the server's bytes make it a connection of
//! bytes, the client's are looked at as ever, however late they come. What that costs a program is what it costs without
//! a mesh, one connection for each silent client, and only for the time that first bytes may take: then the server's
//! connection is closed, and the client may go on being silent alone. Where the server's own connection turns out to be
//! of no use, since the client speaks HTTP, it is closed in good order: a pool takes only what it made itself.
//!
//! A server that greets later than that needs a port that policy declares opaque.

use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncWriteExt, ReadBuf};
use tokio::time::{sleep, timeout};

use crate::drain::Drain;
use crate::stream::Stream;

/// Bytes that are read at once.
const READ_MAX: usize = 1024;
/// How long a server may take to close a connection that nobody needs.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// A server's connection, made before a word was said.
pub(crate) struct Dialled<T> {
    pub(crate) stream: Stream,
    /// Whether its end is the program's own doing. Another proxy may end it because policy there wants requests.
    pub(crate) is_program: bool,
    /// What belongs to the connection.
    pub(crate) with: T,
}

/// Why a server could not be dialled.
pub(crate) struct Unreachable<E> {
    pub(crate) error: E,
    /// Whether the server is known to speak first, so that the client waits for nothing else.
    pub(crate) awaited: bool,
}

/// Who spoke first.
pub(crate) enum First<T, E> {
    /// The client did, or ended its side; its bytes are in the buffer. With the server's connection, if there is one.
    Client { ended: bool, server: Option<Dialled<T>> },
    /// The server did; what it said is the first that its stream gives.
    Server(Dialled<T>),
    /// The server closed its connection without a word.
    Closed,
    /// There was no server.
    Unreachable(E),
    /// Nobody, in time.
    Nobody,
}

/// What was said, while it is being found out.
enum Word<E> {
    Client(usize),
    Server(usize),
    Unreachable(Unreachable<E>),
    Nobody,
}

/// Takes what the client has said already, without waiting. `None`: nothing yet; 0: it ended.
pub(crate) async fn at_once<C>(client: &mut C, heard: &mut BytesMut) -> io::Result<Option<usize>>
where
    C: AsyncRead + Unpin,
{
    poll_fn(|cx| match poll_hear(client, heard, cx) {
        Poll::Ready(result) => Poll::Ready(result.map(Some)),
        Poll::Pending => Poll::Ready(Ok(None)),
    })
    .await
}

/// Waits for the first word of the client, or of the server that `dial` connects to (in its own time), but no longer than
/// `patience` once that is settled.
pub(crate) async fn first<C, T, E>(
    client: &mut C,
    heard: &mut BytesMut,
    patience: Duration,
    dial: impl Future<Output = Result<Dialled<T>, Unreachable<E>>>,
) -> io::Result<First<T, E>>
where
    C: AsyncRead + Unpin,
{
    let mut server: Option<Dialled<T>> = None;
    let mut greeting = BytesMut::new();
    let word = {
        let server_speaks = async {
            match dial.await {
                Ok(dialled) => match timeout(patience, hear(&mut server.insert(dialled).stream, &mut greeting)).await {
                    // A connection that fails before the first byte is as good as one that ends.
                    Ok(said) => Word::Server(said.unwrap_or(0)),
                    Err(_) => Word::Nobody,
                },
                Err(unreachable) => Word::Unreachable(unreachable),
            }
        };
        tokio::select! {
            biased;
            said = hear(client, heard) => Word::Client(said?),
            word = server_speaks => word,
        }
    };
    let silent = match (word, server) {
        (Word::Client(said), server) => return Ok(First::Client { ended: said == 0, server }),
        (Word::Server(1..), Some(mut dialled)) => {
            dialled.stream = dialled.stream.rewound(greeting.freeze());
            return Ok(First::Server(dialled));
        }
        (Word::Server(_), Some(dialled)) if dialled.is_program => return Ok(First::Closed),
        (Word::Unreachable(unreachable), _) if unreachable.awaited => {
            return Ok(First::Unreachable(unreachable.error));
        }
        (Word::Nobody, server) => {
            server.into_iter().for_each(|dialled| close(dialled.stream));
            return Ok(First::Nobody);
        }
        (Word::Unreachable(unreachable), _) => First::Unreachable(unreachable.error),
        (Word::Server(_), _) => First::Closed,
    };
    // The client may have something to say to another endpoint, or in another form.
    tokio::select! {
        biased;
        said = hear(client, heard) => Ok(First::Client { ended: said? == 0, server: None }),
        () = sleep(patience) => Ok(silent),
    }
}

/// Waits for the client alone, as long as it likes. False: it ended, or the proxy does.
pub(crate) async fn client_alone<C>(client: &mut C, heard: &mut BytesMut, drain: &Drain) -> io::Result<bool>
where
    C: AsyncRead + Unpin,
{
    let mut drain = drain.clone();
    tokio::select! {
        biased;
        said = hear(client, heard) => Ok(said? > 0),
        () = drain.begun() => Ok(false),
    }
}

/// Closes a connection that nobody needs so that its server sees an end in good order.
pub(crate) fn close(mut stream: Stream) {
    tokio::task::spawn_local(async move {
        // Whatever goes wrong now concerns nobody.
        let _ = timeout(CLOSE_TIMEOUT, async {
            stream.shutdown().await?;
            tokio::io::copy(&mut stream, &mut tokio::io::sink()).await
        })
        .await;
    });
}

async fn hear<S: AsyncRead + Unpin>(stream: &mut S, heard: &mut BytesMut) -> io::Result<usize> {
    poll_fn(|cx| poll_hear(stream, heard, cx)).await
}

/// Reads through the stack: a silent connection holds no buffer.
fn poll_hear<S>(stream: &mut S, heard: &mut BytesMut, cx: &mut Context<'_>) -> Poll<io::Result<usize>>
where
    S: AsyncRead + Unpin,
{
    let mut space = [MaybeUninit::uninit(); READ_MAX];
    let mut read = ReadBuf::uninit(&mut space);
    ready!(Pin::new(stream).poll_read(cx, &mut read))?;
    heard.extend_from_slice(read.filled());
    Poll::Ready(Ok(read.filled().len()))
}
