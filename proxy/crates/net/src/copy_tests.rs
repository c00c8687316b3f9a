//! Two programs with the copying between them.

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::task::JoinHandle;

use super::*;

/// A pair of programs with the copying between them; the pipe to the server is small, so that every write has to
/// wait.
fn joined() -> (DuplexStream, DuplexStream, JoinHandle<End>) {
    joined_within(&Budget::new(1 << 20), 1000)
}

/// `pipe`: the bytes that the client can be ahead.
fn joined_within(room: &Budget, pipe: usize) -> (DuplexStream, DuplexStream, JoinHandle<End>) {
    let room = room.clone();
    let (client, mut accepted) = duplex(pipe);
    let (mut connected, server) = duplex(1000);
    (client, server, tokio::spawn(async move { both(&mut accepted, &mut connected, &room).await }))
}

#[tokio::test]
async fn bursts_and_single_bytes_arrive_whole_and_in_order() {
    for (room, pipe) in [(1 << 20, 1000), (1 << 20, 1 << 18), (50_000, 1 << 18), (0, 1 << 18)] {
        bursts_and_single_bytes(&Budget::new(room), pipe).await;
    }
}

async fn bursts_and_single_bytes(room: &Budget, pipe: usize) {
    let (mut client, mut server, copying) = joined_within(room, pipe);
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
    assert_eq!(room.taken(), 0);
}

#[tokio::test]
async fn what_waits_for_readers_stays_within_the_room() {
    let room = Budget::new(100_000);
    let sending = |mut client: DuplexStream| tokio::spawn(async move { client.write_all(&[7; 1 << 20]).await });
    let mut unread = Vec::new();
    for _ in 0..8 {
        let (client, server, copying) = joined_within(&room, 1 << 18);
        // Enough is read that the buffer grows as far as it may; then nothing is.
        unread.push((sending(client), tokio::spawn(read_half(server)), copying));
    }
    let mut stalled = Vec::new();
    for (sending, reading, copying) in unread {
        stalled.push((sending, reading.await.unwrap(), copying));
    }
    assert!((BUFFER_MAX - BUFFER_MIN..=100_000).contains(&room.taken()), "{}", room.taken());
    for (sending, mut server, copying) in stalled {
        let mut rest = Vec::new();
        server.read_to_end(&mut rest).await.unwrap();
        assert_eq!(rest.len(), 1 << 19);
        drop(server);
        sending.await.unwrap().unwrap();
        assert!(matches!(copying.await.unwrap(), End::Clean));
    }
    assert_eq!(room.taken(), 0);
}

async fn read_half(mut server: DuplexStream) -> DuplexStream {
    server.read_exact(&mut vec![0; 1 << 19]).await.unwrap();
    server
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
