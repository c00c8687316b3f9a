//! A connection whose bytes a test says and hears, at either end.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// A socket, with what was heard and not looked at yet.
pub(crate) struct Talk {
    socket: TcpStream,
    heard: Vec<u8>,
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Its peer said that there is no more.
    Orderly,
    /// It failed.
    Reset,
}

impl Talk {
    /// A connection to `addr`.
    pub(crate) async fn to(addr: SocketAddr) -> Self {
        Self::over(TcpStream::connect(addr).await.unwrap())
    }

    /// The same where the kernel keeps little of what comes and is not heard.
    pub(crate) async fn to_with_little_room(addr: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(16 * 1024).unwrap();
        Self::over(socket.connect(addr).await.unwrap())
    }

    /// A connection that is there.
    pub(crate) fn over(socket: TcpStream) -> Self {
        socket.set_nodelay(true).unwrap();
        Self { socket, heard: Vec::new() }
    }

    pub(crate) async fn say(&mut self, bytes: impl AsRef<[u8]>) {
        self.socket.write_all(bytes.as_ref()).await.unwrap();
    }

    /// Says as much of it as the peer takes. Returns whether that was everything.
    pub(crate) async fn try_say(&mut self, bytes: &[u8]) -> bool {
        self.socket.write_all(bytes).await.is_ok()
    }

    /// Says that there is no more.
    pub(crate) async fn say_no_more(&mut self) {
        self.socket.shutdown().await.unwrap();
    }

    /// What comes up to `end`, with it.
    pub(crate) async fn until(&mut self, end: &str) -> String {
        loop {
            if let Some(at) = self.heard.windows(end.len()).position(|window| window == end.as_bytes()) {
                let rest = self.heard.split_off(at + end.len());
                return text(std::mem::replace(&mut self.heard, rest));
            }
            let more = self.socket.read_buf(&mut self.heard).await;
            assert!(more.is_ok_and(|length| length > 0), "no {end:?} in {:?}", String::from_utf8_lossy(&self.heard));
        }
    }

    /// The head of a message.
    pub(crate) async fn head(&mut self) -> String {
        self.until("\r\n\r\n").await
    }

    /// A message that says how long it is.
    pub(crate) async fn answer(&mut self) -> String {
        let head = self.head().await;
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let body = self.take(length.expect("a length").parse().unwrap()).await;
        head + &text(body)
    }

    /// The next bytes, so many.
    pub(crate) async fn take(&mut self, length: usize) -> Vec<u8> {
        while self.heard.len() < length {
            assert!(self.socket.read_buf(&mut self.heard).await.is_ok_and(|length| length > 0), "it ended");
        }
        let rest = self.heard.split_off(length);
        std::mem::replace(&mut self.heard, rest)
    }

    /// What comes until the connection ends, and how it ends.
    pub(crate) async fn rest(&mut self) -> (String, End) {
        let end = loop {
            match self.socket.read_buf(&mut self.heard).await {
                Ok(0) => break End::Orderly,
                Ok(_) => {}
                Err(_) => break End::Reset,
            }
        };
        (text(std::mem::take(&mut self.heard)), end)
    }

    /// Whether nothing has come that was not looked at.
    pub(crate) fn is_silent(&mut self) -> bool {
        let read = self.socket.try_read_buf(&mut self.heard);
        read.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock) && self.heard.is_empty()
    }

    /// Says `bytes` while it hears `length` others.
    pub(crate) async fn say_while_hearing(&mut self, bytes: &[u8], length: usize) {
        let (mut read, mut write) = self.socket.split();
        let ahead = self.heard.len();
        let mut heard = std::mem::take(&mut self.heard);
        let hear = async {
            while heard.len() < length {
                assert!(read.read_buf(&mut heard).await.is_ok_and(|length| length > 0), "it ended");
            }
        };
        let (said, ()) = tokio::join!(write.write_all(bytes), hear);
        said.unwrap();
        assert!(ahead <= length && heard.len() == length);
    }

    /// Ends the connection so that its peer knows that something is missing.
    pub(crate) fn reset(self) {
        self.socket.set_zero_linger().unwrap();
    }
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8_lossy(&bytes).into_owned()
}
