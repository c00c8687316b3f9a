//! The handshake before the moves.

use std::io;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use hauberk_tls::stream::{Agreed, accept, connect};
use rustls::client::UnbufferedClientConnection;
use rustls::server::UnbufferedServerConnection;

use super::game::Game;
use super::heard::Heard;
use super::moves::{Move, Setup};
use super::party::Shaking;
use super::peer::Peer;
use super::pipe::Pipe;
use super::rules::Rules;
use super::suites::SUITES;
use crate::authority::WEB;

/// Shakes hands, and returns the moves that are left.
pub fn begin<'a, 'b>(setup: &Setup, moves: &'a [Move<'b>]) -> (Game, &'a [Move<'b>]) {
    let suite = &SUITES[setup.suite];
    let pipe = Pipe::new();
    pipe.0.borrow_mut().width = setup.width;
    if setup.is_client {
        let peer = Shaking::Server(UnbufferedServerConnection::new(suite.server.clone()).unwrap());
        let shaking = connect(pipe.clone(), suite.client.clone(), WEB.try_into().unwrap());
        return shake(setup, pipe, peer, shaking, moves);
    }
    let config = if setup.tickets { &suite.generous } else { &suite.server };
    let peer = UnbufferedClientConnection::new(suite.client.clone(), WEB.try_into().unwrap());
    let shaking = accept(pipe.clone(), &[], config.clone());
    shake(setup, pipe, Shaking::Client(peer.unwrap()), shaking, moves)
}

fn shake<'a, 'b>(
    setup: &Setup,
    pipe: Pipe,
    mut peer: Shaking,
    shaking: impl Future<Output = io::Result<Agreed<Pipe>>>,
    mut moves: &'a [Move<'b>],
) -> (Game, &'a [Move<'b>]) {
    let cx = &mut Context::from_waker(Waker::noop());
    let mut shaking = pin!(shaking);
    let (mut agreed, mut heard) = (None, Vec::new());
    while peer.is_handshaking() {
        heard.append(&mut pipe.0.borrow_mut().gone);
        let said = peer.turn(&mut heard);
        pipe.0.borrow_mut().coming.extend(said);
        if peer.is_handshaking()
            && agreed.is_none()
            && let Poll::Ready(done) = shaking.as_mut().poll(cx)
        {
            agreed = Some(done.unwrap());
        }
    }
    let mut peer = Peer::new(peer.done(), Rules::new(setup.is_client));
    for _ in 0..setup.early {
        if let Some((first, rest)) = moves.split_first()
            && peer.send(first)
        {
            moves = rest;
        }
    }
    pipe.0.borrow_mut().coming.extend(peer.sent.drain(..));
    let agreed = agreed.unwrap_or_else(|| match shaking.poll(cx) {
        Poll::Ready(agreed) => agreed.unwrap(),
        Poll::Pending => panic!("the handshake is not over"),
    });
    let heard = Heard::new(setup.tickets && !setup.is_client);
    (Game::new(agreed.stream, pipe, peer, heard), moves)
}
