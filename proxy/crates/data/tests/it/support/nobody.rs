//! An address where nobody listens.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::{TcpListener, TcpSocket};

/// Connections to it are refused, and for as long as it is there nobody else can come to listen.
pub(crate) struct Nobody {
    pub(crate) addr: SocketAddr,
    socket: TcpSocket,
}

impl Nobody {
    pub(crate) fn new() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        Self { addr: socket.local_addr().unwrap(), socket }
    }

    /// Somebody listens now.
    pub(crate) fn listen(self) -> TcpListener {
        self.socket.listen(128).unwrap()
    }
}
