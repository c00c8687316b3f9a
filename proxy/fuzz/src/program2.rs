//! A program that speaks HTTP/2.

use std::cell::RefCell;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;

use bytes::Bytes;
use h2::server::SendResponse;
use http::request::Parts;
use http::{Request, Response};
use tokio::net::{TcpListener, TcpStream};

use crate::client::settle;

/// What it got since it was last asked.
#[derive(Clone, Default)]
pub struct Program {
    seen: Rc<RefCell<Vec<Parts>>>,
}

impl Program {
    /// Serves at an address of its own.
    pub async fn start() -> (Self, SocketAddr) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let addr = listener.local_addr().unwrap();
        let program = Self::default();
        let serving = program.clone();
        tokio::task::spawn_local(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::task::spawn_local(serving.clone().serve(socket));
            }
        });
        (program, addr)
    }

    /// The heads of all requests so far.
    pub async fn take(&self) -> Vec<Parts> {
        settle().await;
        self.seen.take()
    }

    async fn serve(self, socket: TcpStream) {
        let Ok(mut connection) = h2::server::handshake(socket).await else { return };
        while let Some(Ok((request, respond))) = connection.accept().await {
            tokio::task::spawn_local(self.clone().answer(request, respond));
        }
    }

    async fn answer(self, request: Request<h2::RecvStream>, mut respond: SendResponse<Bytes>) {
        let (parts, mut body) = request.into_parts();
        self.seen.borrow_mut().push(parts);
        while let Some(Ok(piece)) = body.data().await {
            let _ = body.flow_control().release_capacity(piece.len());
        }
        // The client may have gone meanwhile.
        if let Ok(mut stream) = respond.send_response(Response::new(()), false) {
            let _ = stream.send_data(Bytes::from_static(b"ok"), true);
        }
    }
}
