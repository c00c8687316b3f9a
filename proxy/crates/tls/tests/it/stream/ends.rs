//! Each direction ends on its own, and only by the peer's word.

use std::io::ErrorKind;
use std::task::Poll;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::peers::{AMPLE, Members, read_now, text};

#[tokio::test]
async fn our_end_is_heard_while_the_other_direction_goes_on() {
    let members = Members::new(false);
    for (mut ours, mut theirs) in [members.serve(AMPLE, usize::MAX).await, members.call(AMPLE, 3).await] {
        ours.write_all(b"question").await.unwrap();
        ours.shutdown().await.unwrap();
        let mut question = String::new();
        theirs.read_to_string(&mut question).await.unwrap();
        assert_eq!(question, "question");
        let answer = text(100_000);
        theirs.write_all(&answer).await.unwrap();
        theirs.shutdown().await.unwrap();
        let mut seen = Vec::new();
        ours.read_to_end(&mut seen).await.unwrap();
        assert!(seen == answer);
        assert_eq!(ours.write(b"more").await.unwrap_err().kind(), ErrorKind::BrokenPipe);
    }
}

#[tokio::test]
async fn the_peers_end_ends_only_its_direction() {
    let (mut ours, mut theirs) = Members::new(false).serve_by_hand().await;
    let mut records = theirs.record(b"question");
    theirs.session.send_close_notify();
    records.extend(theirs.records());
    records.extend(b"what follows an end is nothing");
    theirs.pipe.write_all(&records).await.unwrap();
    assert!(matches!(read_now(&mut ours, 100), Poll::Ready(Ok(data)) if data == b"question"));
    for _ in 0..2 {
        assert!(matches!(read_now(&mut ours, 100), Poll::Ready(Ok(data)) if data.is_empty()));
    }
    let answer = text(100_000);
    ours.write_all(&answer).await.unwrap();
    ours.shutdown().await.unwrap();
    theirs.expect(&answer).await;
}

#[tokio::test]
async fn a_connection_that_is_cut_is_an_error_after_what_came_before() {
    let members = Members::new(false);
    let length = members.serve_by_hand().await.1.record(b"word").len();
    for cut in [0, 1, 4, 5, length - 1] {
        let (mut ours, mut theirs) = members.serve_by_hand().await;
        let mut records = theirs.record(b"whole");
        records.extend(&theirs.record(b"word")[..cut]);
        theirs.pipe.write_all(&records).await.unwrap();
        drop(theirs);
        assert!(matches!(read_now(&mut ours, 100), Poll::Ready(Ok(data)) if data == b"whole"), "cut after {cut}");
        for _ in 0..2 {
            let Poll::Ready(Err(error)) = read_now(&mut ours, 100) else { panic!("cut after {cut}") };
            assert_eq!(error.kind(), ErrorKind::UnexpectedEof, "cut after {cut}");
        }
    }
}

#[tokio::test]
async fn a_handshake_that_is_cut_is_an_error() {
    let members = Members::new(false);
    let (near, far) = tokio::io::duplex(AMPLE);
    drop(far);
    let error = hauberk_tls::stream::accept(near, &[22, 3, 1], members.server.clone()).await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
}
