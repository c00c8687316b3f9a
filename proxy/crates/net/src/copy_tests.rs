//! Two programs with the copying between them.

use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

use super::*;

/// A pair of programs with the copying between them; small pipes, so that every write has to wait.
fn joined() -> (tokio::io::DuplexStream, tokio::io::DuplexStream, tokio::task::JoinHandle<End>) {
    let (client, mut accepted) = duplex(1000);
    let (mut connected, server) = duplex(1000);
    (client, server, tokio::spawn(async move { both(&mut accepted, &mut connected).await }))
}

#[tokio::test]
async fn bursts_and_single_bytes_arrive_whole_and_in_order() {
    let (mut client, mut server, copying) = joined();
    let sizes = [1, 300_000, 1, 5, 70_000, 2, 2048, 2049];
    let text = |size: usize| (0..size).map(|n| u8::try_from(n % 251).unwrap()).collect::<Vec<u8>>();
    let sending = tokio::spawn(async move {
        for size in sizes {
            client.write_all(&text(size)).await.unwrap();
        }
        client
    });
    for size in sizes {
        let mut received = vec![0; size];
        server.read_exact(&mut received).await.unwrap();
        assert!(received == text(size), "{size} bytes");
    }
    drop((sending.await.unwrap(), server));
    assert!(matches!(copying.await.unwrap(), End::Clean));
}

#[tokio::test]
async fn the_end_of_one_direction_is_passed_on_while_the_other_goes_on() {
    let (mut client, mut server, copying) = joined();
    client.write_all(b"question").await.unwrap();
    client.shutdown().await.unwrap();
    let mut question = String::new();
    server.read_to_string(&mut question).await.unwrap();
    assert_eq!(question, "question");
    assert!(!copying.is_finished());
    server.write_all(b"answer").await.unwrap();
    drop(server);
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert_eq!(answer, "answer");
    assert!(matches!(copying.await.unwrap(), End::Clean));
}

#[tokio::test]
async fn a_side_that_fails_is_named() {
    let (mut client, server, copying) = joined();
    drop(server);
    // The first write meets the closed pipe.
    client.write_all(b"question").await.unwrap();
    assert!(matches!(copying.await.unwrap(), End::Server(_)));
}
