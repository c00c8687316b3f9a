//! Whoever sends the fuzzer's bytes.

use std::cell::Cell;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::yield_now;
use tokio::time::timeout;

use crate::settings::PATIENCE;

/// More than any input is answered with.
const ANSWER_MAX: u64 = 4 << 20;
/// Turns of the runtime in which everything that is on its way arrives.
pub const TURNS: usize = 32;

/// Sends `pieces`, each so that it arrives alone, then the end of the stream; and returns what came back.
pub async fn exchange<'a>(proxy: SocketAddr, pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut socket = connect(proxy).await;
    let (mut reader, mut writer) = socket.split();
    let mut answer = Vec::new();
    let sending = async {
        for piece in pieces {
            // The proxy may close whenever it has seen enough.
            if writer.write_all(piece).await.is_err() {
                return;
            }
            settle().await;
        }
        let _ = writer.shutdown().await;
    };
    let reading = async {
        let mut limited = (&mut reader).take(ANSWER_MAX);
        let _ = limited.read_to_end(&mut answer).await;
    };
    let done = timeout(PATIENCE, async { tokio::join!(sending, reading) }).await;
    assert!(done.is_ok(), "the proxy neither answers nor closes; so far: {:?}", String::from_utf8_lossy(&answer));
    answer
}

/// Lets everything happen that can happen now.
pub async fn settle() {
    for _ in 0..TURNS {
        yield_now().await;
    }
}

/// The first byte of an input says how the rest is cut.
pub fn cut(input: &[u8]) -> (&[u8], Vec<&[u8]>) {
    let Some((&first, rest)) = input.split_first() else { return (&[], Vec::new()) };
    let pieces = match first {
        0..=127 => vec![rest],
        _ => {
            let (one, two) = rest.split_at(usize::from(first - 128) * rest.len() / 128);
            vec![one, two]
        }
    };
    (rest, pieces)
}

/// From another address each time, none of which is the one that every policy lets in: a closed connection keeps its pair of
/// addresses for a minute.
pub async fn connect(proxy: SocketAddr) -> TcpStream {
    thread_local!(static NEXT: Cell<u32> = const { Cell::new(0) });
    let number = NEXT.replace(NEXT.get().wrapping_add(1));
    let source = u32::from(Ipv4Addr::new(127, 64, 0, 0)) | (number & 0x003f_ffff);
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((Ipv4Addr::from(source), 0).into()).unwrap();
    let stream = socket.connect(proxy).await.unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}
