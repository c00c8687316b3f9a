//! A member of the mesh whose words are a test's own, and the proxy of a client that asks it.

use hauberk_core::endpoint::{Endpoint, ProtocolHint};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::support::proxy::{Authority, Proxy};
use crate::support::table::{Table, meshed};
use crate::support::talk::Talk;
use crate::support::ways::{CLIENT, WEB};

pub(crate) struct Member {
    listener: TcpListener,
    acceptor: TlsAcceptor,
    outbound: Proxy,
}

impl Member {
    /// One that is known to take this.
    pub(crate) async fn that_takes(hint: ProtocolHint) -> Self {
        let (authority, table) = (Authority::new(), Table::new());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = meshed(listener.local_addr().unwrap(), 1, WEB, hint);
        table.set_endpoints([Endpoint { transport_port: None, ..endpoint }]);
        let outbound = Proxy::outbound(&authority, CLIENT, &table).await;
        let acceptor = TlsAcceptor::from(authority.store(WEB).server_config(false).unwrap());
        Self { listener, acceptor, outbound }
    }

    /// What a client says is on its way to the member: both ends.
    pub(crate) async fn asked(&self, said: &str) -> (Talk, TlsStream<TcpStream>) {
        let mut client = Talk::to(self.outbound.addr).await;
        client.say(said).await;
        let (socket, _) = self.listener.accept().await.unwrap();
        (client, self.acceptor.accept(socket).await.unwrap())
    }
}
