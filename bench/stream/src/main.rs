//! Bytes one way, as many as go through: what a proxy of TCP is measured with.
//!
//!     stream serve LISTEN…
//!     stream send TARGET CONNECTIONS SECONDS
//!
//! The sender writes on each connection until the time is over, and ends its half. The server answers with the number of
//! bytes that it got, so a byte that was lost is seen. The sender's result is a line of JSON; a connection that fails, or
//! whose answer is another number than was sent, is an error and its bytes count for nothing.

use std::error::Error;
use std::io::{ErrorKind, Read as _, Result, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

/// One write, as a program that copies a file makes it.
const PIECE: usize = 64 * 1024;
/// How long a connection may stand still.
const PATIENCE: Duration = Duration::from_secs(10);

fn main() -> std::result::Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["serve", listen @ ..] if !listen.is_empty() => serve(listen),
        ["send", target, connections, seconds] => {
            let (target, connections) = (target.parse()?, connections.parse()?);
            let report = send(target, connections, Duration::from_secs(seconds.parse()?));
            writeln!(std::io::stdout(), "{report}")?;
            Ok(())
        }
        _ => Err("usage: stream serve LISTEN… | stream send TARGET CONNECTIONS SECONDS".into()),
    }
}

fn serve(listen: &[&str]) -> std::result::Result<(), Box<dyn Error>> {
    let listeners = listen.iter().map(TcpListener::bind).collect::<Result<Vec<_>>>()?;
    thread::scope(|scope| {
        for listener in &listeners {
            scope.spawn(move || {
                for socket in listener.incoming().flatten() {
                    // How a connection ends is the sender's to tell.
                    thread::spawn(move || swallow(socket));
                }
            });
        }
    });
    Ok(())
}

fn swallow(mut socket: TcpStream) -> Result<()> {
    let (mut buffer, mut count) = (vec![0; 4 * PIECE], 0);
    loop {
        match socket.read(&mut buffer)? {
            0 => return socket.write_all(&u64::to_be_bytes(count)),
            read => count += read as u64,
        }
    }
}

/// One line of JSON.
fn send(target: SocketAddr, connections: usize, length: Duration) -> String {
    let began = Instant::now();
    let results: Vec<Result<u64>> = thread::scope(|scope| {
        let threads: Vec<_> = (0..connections).map(|_| scope.spawn(move || push(target, length))).collect();
        let panicked = |_| Err(ErrorKind::Other.into());
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(panicked)).collect()
    });
    let seconds = began.elapsed().as_secs_f64();
    let bytes: u64 = results.iter().flatten().sum();
    let errors = results.iter().filter(|result| result.is_err()).count();
    format!("{{\"bytes\": {bytes}, \"seconds\": {seconds:.6}, \"errors\": {errors}}}")
}

fn push(target: SocketAddr, length: Duration) -> Result<u64> {
    let mut socket = TcpStream::connect_timeout(&target, PATIENCE)?;
    socket.set_write_timeout(Some(PATIENCE))?;
    socket.set_read_timeout(Some(PATIENCE))?;
    let piece: Vec<u8> = (0..PIECE).map(|n| (n % 251) as u8).collect();
    let (until, mut sent) = (Instant::now() + length, 0);
    while Instant::now() < until {
        socket.write_all(&piece)?;
        sent += PIECE as u64;
    }
    socket.shutdown(Shutdown::Write)?;
    let mut count = [0; 8];
    socket.read_exact(&mut count)?;
    if u64::from_be_bytes(count) == sent { Ok(sent) } else { Err(ErrorKind::InvalidData.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(answer: impl Fn(TcpStream) -> Result<()> + Send + 'static) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || listener.incoming().flatten().for_each(|socket| drop(answer(socket))));
        address
    }

    #[test]
    fn what_arrived_counts() {
        let sent = push(server(swallow), Duration::from_millis(5)).unwrap();
        assert!(sent > 0 && sent.is_multiple_of(PIECE as u64));
    }

    #[test]
    fn a_lost_byte_is_an_error() {
        let loses = |mut socket: TcpStream| {
            let count = std::io::copy(&mut socket, &mut std::io::sink())?;
            socket.write_all(&(count - 1).to_be_bytes())
        };
        let report = send(server(loses), 1, Duration::from_millis(5));
        assert!(report.starts_with("{\"bytes\": 0,") && report.ends_with("\"errors\": 1}"), "{report}");
    }
}
