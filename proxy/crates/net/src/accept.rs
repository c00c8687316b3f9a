//! Accepting for other threads.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// A listener whose connections are served elsewhere: they are registered for events by the thread that gets them, and
/// only there. (tokio's own listener registers each with the thread that accepts it.)
#[derive(Debug)]
pub struct Listener(AsyncFd<TcpListener>);

impl Listener {
    /// Waits for events of the current runtime. The listener must not block.
    pub fn new(listener: TcpListener) -> io::Result<Self> {
        // SAFETY: the listener owns its descriptor and keeps the same one until it is dropped, which is after the
        // registration is.
        Ok(Self(unsafe { AsyncFd::register_with_interest(listener, Interest::READABLE) }?))
    }

    /// The next connection, which does not block.
    pub async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        let (socket, peer) = self.0.async_io(Interest::READABLE, TcpListener::accept).await?;
        socket.set_nonblocking(true)?;
        Ok((socket, peer))
    }
}
