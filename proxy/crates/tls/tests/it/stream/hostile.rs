//! Bytes of somebody who means harm, or who is no peer.

use std::io::ErrorKind;
use std::task::Poll;

use rustls::{AlertDescription, Error};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::peers::{AMPLE, Members, name, read_now};

/// The peer sends `bytes` after the handshake. Returns what it hears.
async fn answer_to(bytes: &[u8]) -> Error {
    let (mut ours, mut theirs) = Members::new(false).serve_by_hand().await;
    theirs.pipe.write_all(bytes).await.unwrap();
    for _ in 0..2 {
        let Poll::Ready(Err(error)) = read_now(&mut ours, 100) else { panic!("{bytes:?} is taken") };
        assert_eq!(error.kind(), ErrorKind::InvalidData);
    }
    assert_eq!(ours.write(b"more").await.unwrap_err().kind(), ErrorKind::InvalidData);
    drop(ours);
    theirs.receive().await.unwrap_err()
}

#[tokio::test]
async fn whoever_breaks_the_rules_is_told() {
    let told = Error::AlertReceived;
    assert_eq!(answer_to(b"GET / HTTP/1.1\r\n\r\n").await, told(AlertDescription::DecodeError));
    let forged = [&[23, 3, 3, 0, 40][..], &[7; 40]].concat();
    assert_eq!(answer_to(&forged).await, told(AlertDescription::BadRecordMac));
    assert_eq!(answer_to(&[23, 3, 3, 0x41, 1]).await, told(AlertDescription::RecordOverflow), "a byte too long");
}

#[tokio::test]
async fn a_peer_that_gives_up_says_why() {
    let (mut ours, mut theirs) = Members::new(false).serve_by_hand().await;
    theirs.feed(&[&[23, 3, 3, 0, 40][..], &[7; 40]].concat()).unwrap_err();
    let records = theirs.records();
    theirs.pipe.write_all(&records).await.unwrap();
    let Poll::Ready(Err(error)) = read_now(&mut ours, 100) else { panic!("it is not heard") };
    assert_eq!(cause(&error), Error::AlertReceived(AlertDescription::BadRecordMac));
    assert_eq!(ours.write(b"more").await.unwrap_err().kind(), ErrorKind::InvalidData);
    drop(ours);
    assert!(!theirs.receive().await.unwrap(), "an alert has no answer");
}

#[tokio::test]
async fn data_before_a_broken_record_is_good() {
    let (mut ours, mut theirs) = Members::new(false).serve_by_hand().await;
    let mut records = theirs.record(b"word");
    records.extend([&[23, 3, 3, 0, 40][..], &[7; 40]].concat());
    theirs.pipe.write_all(&records).await.unwrap();
    assert!(matches!(read_now(&mut ours, 100), Poll::Ready(Ok(data)) if data == b"word"));
    assert!(matches!(read_now(&mut ours, 100), Poll::Ready(Err(error)) if error.kind() == ErrorKind::InvalidData));
}

#[tokio::test]
async fn no_handshake_is_refused_with_a_reason() {
    let members = Members::new(false);
    let empty = [22, 3, 1, 0, 4, 1, 0, 0, 0];
    for nonsense in [&b"GET / HTTP/1.1\r\n\r\n"[..], &empty] {
        let (near, mut far) = tokio::io::duplex(AMPLE);
        far.write_all(&[nonsense, &[0; 1000][..]].concat()).await.unwrap();
        let refused = hauberk_tls::stream::accept(near, &[], members.server.clone()).await.err();
        let Some(error) = refused else { panic!("{nonsense:?} is taken") };
        assert_eq!(error.kind(), ErrorKind::InvalidData, "{error}");
        let mut heard = Vec::new();
        far.read_to_end(&mut heard).await.unwrap();
        let alert = (heard[0], AlertDescription::from(heard[6]));
        assert_eq!(alert, (21, AlertDescription::DecodeError), "{nonsense:?}");
    }
}

#[tokio::test]
async fn a_stranger_is_told_so_by_both_sides() {
    let (ours, theirs) = (Members::new(false), Members::new(false));
    let (near, far) = tokio::io::duplex(AMPLE);
    let connector = tokio_rustls::TlsConnector::from(theirs.client.clone());
    let accepting = hauberk_tls::stream::accept(near, &[], ours.server.clone());
    let (_, client) = tokio::join!(accepting, connector.connect(name(), far));
    assert!(matches!(cause(&client.err().unwrap()), Error::InvalidCertificate(_)), "the client looks first");
    let (near, far) = tokio::io::duplex(AMPLE);
    let acceptor = tokio_rustls::TlsAcceptor::from(theirs.server.clone());
    let connecting = hauberk_tls::stream::connect(near, ours.client.clone(), name());
    let (client, server) = tokio::join!(connecting, acceptor.accept(far));
    assert!(matches!(cause(&client.err().unwrap()), Error::InvalidCertificate(_)));
    assert!(matches!(cause(&server.err().unwrap()), Error::AlertReceived(_)));
}

#[tokio::test]
async fn a_message_in_too_many_pieces_is_refused() {
    let members = Members::new(false);
    let (near, mut far) = tokio::io::duplex(AMPLE);
    // A ClientHello of 60,000 bytes, one in each record.
    let piece = |byte| [22, 3, 1, 0, 1, byte];
    let hello: Vec<u8> = [1, 0, 0xea, 0x60].into_iter().chain(std::iter::repeat_n(0, 60_000)).flat_map(piece).collect();
    far.write_all(&hello).await.unwrap();
    let refused = hauberk_tls::stream::accept(near, &[], members.server.clone()).await.err();
    assert_eq!(refused.unwrap().kind(), ErrorKind::InvalidData);
}

fn cause(error: &std::io::Error) -> Error {
    error.get_ref().and_then(|error| error.downcast_ref::<Error>()).expect("it is of TLS").clone()
}
