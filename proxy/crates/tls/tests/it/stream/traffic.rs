//! Data of all sizes arrives whole, over connections of any width.

use std::io::IoSlice;

use hauberk_core::identity::{ClientTls, Id};
use hauberk_core::transport_header::ALPN;
use hauberk_tls::peer::client_tls;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::{API, WEB};

use super::peers::{AMPLE, Members, Thin, name, text};

/// Each side sends its bytes while it reads the other's.
async fn exchange<A, B>(ours: A, theirs: B, sizes: &[usize])
where
    A: AsyncRead + AsyncWrite + Unpin,
    B: AsyncRead + AsyncWrite + Unpin,
{
    async fn send(mut to: impl AsyncWrite + Unpin, sizes: &[usize]) {
        for &size in sizes {
            to.write_all(&text(size)).await.unwrap();
            to.flush().await.unwrap();
        }
    }
    async fn receive(mut from: impl AsyncRead + Unpin, sizes: &[usize]) {
        for &size in sizes {
            let mut seen = vec![0; size];
            from.read_exact(&mut seen).await.unwrap();
            assert!(seen == text(size), "{size} bytes");
        }
    }
    let (our_input, our_output) = tokio::io::split(ours);
    let (their_input, their_output) = tokio::io::split(theirs);
    tokio::join!(
        send(our_output, sizes),
        receive(their_input, sizes),
        send(their_output, sizes),
        receive(our_input, sizes)
    );
}

#[tokio::test]
async fn both_sides_speak_with_another_implementation() {
    let members = Members::new(false);
    let sizes = [1, 100, 16_384, 16_385, 1, 65_536, 300_000, 5];
    for (size, most) in [(AMPLE, usize::MAX), (1000, usize::MAX), (100_000, 4099)] {
        let (ours, theirs) = members.serve(size, most).await;
        exchange(ours, theirs, &sizes).await;
        let (ours, theirs) = members.call(size, most).await;
        exchange(ours, theirs, &sizes).await;
    }
}

#[tokio::test]
async fn a_byte_at_a_time_is_enough() {
    let members = Members::new(false);
    let (ours, theirs) = members.serve(100, 1).await;
    exchange(ours, theirs, &[1, 20_000, 1]).await;
    let (ours, theirs) = members.call(100, 1).await;
    exchange(ours, theirs, &[1, 20_000, 1]).await;
}

#[tokio::test]
async fn two_streams_of_ours_understand_each_other() {
    let members = Members::new(false);
    let (near, far) = tokio::io::duplex(5000);
    let connecting = hauberk_tls::stream::connect(near, members.client.clone(), name());
    let accepting = hauberk_tls::stream::accept(far, &[], members.server.clone());
    let (client, server) = tokio::join!(connecting, accepting);
    exchange(client.unwrap().stream, server.unwrap().stream, &[1, 100_000, 17]).await;
}

#[tokio::test]
async fn what_was_agreed_on_and_proved_can_be_read() {
    for (direct, alpn) in [(true, Some(ALPN)), (false, None)] {
        let members = Members::new(direct);
        let (near, far) = tokio::io::duplex(AMPLE);
        let connecting = hauberk_tls::stream::connect(near, members.client.clone(), name());
        let accepting = hauberk_tls::stream::accept(far, &[], members.server.clone());
        let (client, server) = tokio::join!(connecting, accepting);
        let (client, server) = (client.unwrap(), server.unwrap());
        assert_eq!((client.alpn.as_deref(), server.alpn.as_deref()), (alpn, alpn));
        let is = |name: &str| ClientTls::Identified { id: Id::Dns(name.into()), also: [].into() };
        assert_eq!((client_tls(client.peer.as_ref()), client_tls(server.peer.as_ref())), (is(API), is(WEB)));
    }
}

#[tokio::test]
async fn the_bytes_that_were_looked_at_begin_the_handshake() {
    let members = Members::new(false);
    let mut client = rustls::ClientConnection::new(members.client.clone(), name()).unwrap();
    let mut hello = Vec::new();
    client.write_tls(&mut hello).unwrap();
    for looked_at in [1, 5, hello.len() / 2, hello.len()] {
        let (near, mut far) = tokio::io::duplex(AMPLE);
        far.write_all(&hello[looked_at..]).await.unwrap();
        let accepting = hauberk_tls::stream::accept(near, &hello[..looked_at], members.server.clone());
        tokio::select! {
            biased;
            done = accepting => panic!("the client said half of it: {:?}", done.err()),
            answer = far.read_u8() => assert_eq!(answer.unwrap(), 22, "{looked_at} bytes looked at"),
        }
    }
}

#[tokio::test]
async fn small_slices_leave_in_one_record_and_all_in_one_write() {
    let (mut ours, mut theirs) = Members::new(false).serve_by_hand().await;
    let (head, data) = (text(9), text(16_384));
    let before = ours.get_ref().writes;
    let slices = [&head, &head, &data, &head, &data].map(|slice| IoSlice::new(slice));
    let written = ours.write_vectored(&slices).await.unwrap();
    assert_eq!(written, 3 * 9 + 2 * 16_384);
    assert_eq!(ours.get_ref().writes, before + 1);
    theirs.expect(&[&head[..], &head, &data, &head, &data].concat()).await;
}

#[tokio::test]
async fn a_slow_reader_holds_the_writer_back() {
    let (near, far) = tokio::io::duplex(1000);
    let members = Members::new(false);
    let accepting = hauberk_tls::stream::accept(Thin::new(near, usize::MAX), &[], members.server.clone());
    let connector = tokio_rustls::TlsConnector::from(members.client.clone());
    let (ours, theirs) = tokio::join!(accepting, connector.connect(name(), far));
    let (mut ours, mut theirs) = (ours.unwrap().stream, theirs.unwrap());
    let sent = text(3_000_000);
    let mut taken = 0;
    while let Some(written) = at_once(ours.write(&sent[taken..])) {
        taken += written;
    }
    assert!((1..=128 * 1024).contains(&taken), "{taken} bytes were taken that nobody reads");
    let sending = async {
        ours.write_all(&sent[taken..]).await.unwrap();
        ours.shutdown().await.unwrap();
    };
    let mut seen = Vec::new();
    let (seen_all, ()) = tokio::join!(theirs.read_to_end(&mut seen), sending);
    assert_eq!(seen_all.unwrap(), sent.len());
    assert!(seen == sent);
}

/// What comes of one look at a write.
fn at_once(write: impl Future<Output = std::io::Result<usize>>) -> Option<usize> {
    let mut write = std::pin::pin!(write);
    match write.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop())) {
        std::task::Poll::Ready(written) => Some(written.unwrap()),
        std::task::Poll::Pending => None,
    }
}
