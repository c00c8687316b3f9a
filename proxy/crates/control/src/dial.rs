//! A connection to the first of several addresses that answers.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::sleep;

/// How long an address has before the next one is tried beside it (RFC 8305 section 5): one that is silent, such as that of
/// a lost node, costs no more than this.
const HEAD_START: Duration = Duration::from_millis(250);

/// Tries them in their order. The error is that of the last one.
pub(crate) async fn dial(addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    let mut attempts = JoinSet::new();
    let mut left = addresses.iter();
    loop {
        if let Some(&address) = left.next() {
            attempts.spawn(TcpStream::connect(address));
        }
        tokio::select! {
            ended = attempts.join_next() => match ended {
                Some(Ok(Ok(socket))) => return Ok(socket),
                Some(Ok(Err(error))) => last = error,
                Some(Err(error)) => last = io::Error::other(error),
                None => return Err(last),
            },
            () = sleep(HEAD_START), if left.len() > 0 => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use tokio::net::{TcpListener, TcpSocket};

    use super::*;

    async fn listening() -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        (listener, address)
    }

    async fn refusing() -> SocketAddr {
        listening().await.1
    }

    /// One that answers nothing: whoever comes when its queue is full is not heard.
    async fn silent() -> (TcpListener, SocketAddr, Vec<TcpStream>) {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let mut queue = Vec::new();
        while let Ok(Ok(one)) = tokio::time::timeout(HEAD_START, TcpStream::connect(address)).await {
            queue.push(one);
        }
        (listener, address, queue)
    }

    #[tokio::test]
    async fn those_that_refuse_or_are_silent_do_not_hold_up_the_others() {
        let (_listener, living) = listening().await;
        let (_held, silent, _queue) = silent().await;
        let begun = Instant::now();
        let socket = dial(&[refusing().await, silent, refusing().await, living]).await.unwrap();
        assert_eq!(socket.peer_addr().unwrap(), living);
        assert!(begun.elapsed() < 4 * HEAD_START, "{:?}", begun.elapsed());
    }

    #[tokio::test]
    async fn where_none_answers_the_last_error_is_told() {
        let refused = dial(&[refusing().await, refusing().await]).await.unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
        assert_eq!(dial(&[]).await.unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
