//! What a peer may send beside data: new keys, and tickets.

use std::io::ErrorKind;
use std::sync::Arc;
use std::task::Poll;

use rustls::crypto::{CipherSuiteCommon, CryptoProvider};
use rustls::{ClientConnection, ServerConfig, ServerConnection, SupportedCipherSuite, Tls13CipherSuite, version};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::peers::{AMPLE, ByHand, Members, Thin, data_lengths, name, read_now};

/// The length of a message that announces new keys.
const KEY_UPDATE: usize = 5;

#[tokio::test]
async fn keys_change_while_data_flows() {
    let members = Members::new(false);
    for (mut ours, mut theirs) in [members.serve_by_hand().await, members.call_by_hand().await] {
        for round in 0..100 {
            theirs.session.refresh_traffic_keys().unwrap();
            let mut records = theirs.records();
            records.extend(theirs.record(b"question"));
            theirs.pipe.write_all(&records).await.unwrap();
            assert!(matches!(read_now(&mut ours, 100), Poll::Ready(Ok(data)) if data == b"question"), "{round}");
            ours.write_all(b"answer").await.unwrap();
            theirs.expect(b"answer").await;
        }
    }
}

#[tokio::test]
async fn whoever_is_asked_for_new_keys_uses_them_from_the_next_record_on() {
    let (mut ours, mut theirs) = Members::new(false).serve_by_hand().await;
    for asked in [false, true, false] {
        if asked {
            theirs.session.refresh_traffic_keys().unwrap();
            let records = theirs.records();
            theirs.pipe.write_all(&records).await.unwrap();
        }
        assert!(read_now(&mut ours, 100).is_pending());
        ours.write_all(b"word").await.unwrap();
        let mut records = [0; 100];
        let length = theirs.pipe.read(&mut records).await.unwrap();
        let expected: &[usize] = if asked { &[KEY_UPDATE, 4] } else { &[4] };
        assert_eq!(data_lengths(&records[..length]), expected);
        theirs.feed(&records[..length]).unwrap();
        theirs.expect(b"word").await;
    }
}

#[tokio::test]
async fn what_comes_with_the_end_of_the_handshake_is_part_of_the_stream() {
    let members = Members::new(false);
    let (near, far) = tokio::io::duplex(AMPLE);
    let mut theirs = ByHand::new(ClientConnection::new(members.client.clone(), name()).unwrap(), far);
    let accepting = hauberk_tls::stream::accept(Thin::new(near, usize::MAX), &[], members.server.clone());
    let calling = async {
        while theirs.session.is_handshaking() {
            let records = theirs.records();
            theirs.pipe.write_all(&records).await.unwrap();
            theirs.receive().await.unwrap();
        }
        let mut last = theirs.records();
        theirs.session.refresh_traffic_keys().unwrap();
        last.extend(theirs.record(b"question"));
        theirs.pipe.write_all(&last).await.unwrap();
    };
    let (ours, ()) = tokio::join!(accepting, calling);
    let mut ours = ours.unwrap().stream;
    assert!(matches!(read_now(&mut ours, 100), Poll::Ready(Ok(data)) if data == b"question"));
    ours.write_all(b"answer").await.unwrap();
    theirs.expect(b"answer").await;
}

#[tokio::test]
async fn keys_are_changed_before_they_are_worn() {
    let members = Members::new(false);
    let common = members.server.crypto_provider().cipher_suites[0].tls13().unwrap();
    let brittle = Tls13CipherSuite {
        common: CipherSuiteCommon { confidentiality_limit: 4, ..copy(&common.common) },
        hkdf_provider: common.hkdf_provider,
        aead_alg: common.aead_alg,
        quic: None,
    };
    let suites = vec![SupportedCipherSuite::Tls13(Box::leak(Box::new(brittle)))];
    let provider = CryptoProvider { cipher_suites: suites, ..(**members.server.crypto_provider()).clone() };
    let mut server = ServerConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(members.server.cert_resolver.clone());
    server.send_tls13_tickets = 0;
    server.enable_secret_extraction = true;
    let members = Members { client: members.client, server: Arc::new(server) };
    let (mut ours, mut theirs) = members.serve_by_hand().await;
    for _ in 0..9 {
        ours.write_all(b"word").await.unwrap();
    }
    let mut records = vec![0; 1000];
    let length = theirs.pipe.read(&mut records).await.unwrap();
    assert_eq!(data_lengths(&records[..length]), [4, 4, 4, 5, 4, 4, 4, 5, 4, 4, 4]);
    theirs.feed(&records[..length]).unwrap();
    theirs.expect(&b"word".repeat(9)).await;
}

fn copy(common: &CipherSuiteCommon) -> CipherSuiteCommon {
    CipherSuiteCommon {
        suite: common.suite,
        hash_provider: common.hash_provider,
        confidentiality_limit: common.confidentiality_limit,
    }
}

#[tokio::test]
async fn new_keys_without_end_are_an_attack() {
    let (mut ours, mut theirs) = Members::new(false).serve_by_hand().await;
    for _ in 0..40 {
        theirs.session.refresh_traffic_keys().unwrap();
        let records = theirs.records();
        theirs.pipe.write_all(&records).await.unwrap();
    }
    let Poll::Ready(Err(error)) = read_now(&mut ours, 100) else { panic!("they are taken") };
    assert_eq!(error.kind(), ErrorKind::InvalidData);
    assert_eq!(ours.write(b"answer").await.unwrap_err().kind(), ErrorKind::InvalidData);
}

#[tokio::test]
async fn tickets_pass_unseen_in_one_piece_and_in_many() {
    let mut members = Members::new(false);
    let mut server = (*members.server).clone();
    server.send_tls13_tickets = 3;
    server.session_storage = rustls::server::ServerSessionMemoryCache::new(10);
    for fragment in [None, Some(32)] {
        server.max_fragment_size = fragment;
        members.server = Arc::new(server.clone());
        let (mut ours, mut theirs) = members.call_by_hand().await;
        let record = theirs.record(b"word");
        theirs.pipe.write_all(&record).await.unwrap();
        assert!(matches!(read_now(&mut ours, 100), Poll::Ready(Ok(data)) if data == b"word"), "{fragment:?}");
        assert!(read_now(&mut ours, 100).is_pending());
    }
}

#[tokio::test]
async fn half_a_message_does_not_stop_the_writer() {
    let mut members = Members::new(false);
    let mut server = (*members.server).clone();
    server.send_tls13_tickets = 1;
    server.session_storage = rustls::server::ServerSessionMemoryCache::new(10);
    server.max_fragment_size = Some(32);
    members.server = Arc::new(server);
    let (near, far) = tokio::io::duplex(AMPLE);
    let mut theirs = ByHand::new(ServerConnection::new(members.server.clone()).unwrap(), far);
    let near = Thin::new(near, usize::MAX);
    let connecting = hauberk_tls::stream::connect(near, members.client.clone(), name());
    let serving = async {
        while theirs.session.is_handshaking() {
            let records = theirs.records();
            theirs.pipe.write_all(&records).await.unwrap();
            theirs.receive().await.unwrap();
        }
    };
    let (ours, ()) = tokio::join!(connecting, serving);
    let mut ours = ours.unwrap().stream;
    let ticket = theirs.records();
    let first = 5 + usize::from(u16::from_be_bytes([ticket[3], ticket[4]]));
    assert!(first < ticket.len(), "the ticket is in several records");
    for cut in [first, first + 3, ticket.len()] {
        let sent = if cut == first {
            0
        } else if cut == first + 3 {
            first
        } else {
            first + 3
        };
        theirs.pipe.write_all(&ticket[sent..cut]).await.unwrap();
        assert!(read_now(&mut ours, 100).is_pending());
        ours.write_all(b"word").await.unwrap();
        theirs.expect(b"word").await;
    }
    let record = theirs.record(b"answer");
    theirs.pipe.write_all(&record).await.unwrap();
    assert!(matches!(read_now(&mut ours, 100), Poll::Ready(Ok(data)) if data == b"answer"));
}
