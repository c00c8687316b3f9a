//! What happens around the fuzzer's bytes when they are a server's: the first byte of an input says it.

/// The proxies between client and server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The server's own.
    Inbound,
    /// The client's own; the server is outside the mesh.
    Outbound,
    /// One each, with mutual TLS between them.
    Both,
    /// The client's own; the server is in the mesh, and is asked over HTTP/2 what its client asks over HTTP/1.
    Carried,
}

/// What the server does once it has said everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It waits for more.
    Stay,
    /// It says that there is no more.
    Close,
    /// It breaks off.
    Abort,
}

impl End {
    const ALL: [End; 3] = [End::Stay, End::Close, End::Abort];
}

/// One of these ways, one of these requests, and one end.
pub fn of<A: Copy>(byte: u8, ways: &[Way], asks: &[A]) -> (Way, A, End) {
    let (way, rest) = pick(usize::from(byte), ways);
    let (ask, rest) = pick(rest, asks);
    (way, ask, pick(rest, &End::ALL).0)
}

fn pick<T: Copy>(number: usize, all: &[T]) -> (T, usize) {
    (all[number % all.len()], number / all.len())
}
