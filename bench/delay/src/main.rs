//! A long way on one machine: a TCP relay that hands every byte on a fixed time after it came.
//!
//!     delay LISTEN TARGET MILLISECONDS
//!
//! MILLISECONDS is the time of one direction, so the round trip is twice that. Order and ends are kept: the end of one
//! direction arrives as late as its bytes do. TCP ends here on both sides, so what is left of the distance is what the
//! protocols above it make of it, such as the windows of HTTP/2. What is under way in one direction is bounded.

use std::error::Error;
use std::io::{Read as _, Result, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

/// Largest piece that travels as one.
const PIECE: usize = 64 * 1024;
/// Pieces under way in one direction at most: 64 MiB, or 6.4 GB/s at 10 ms.
const PIECES: usize = 1024;
/// Threads wake up as exactly as the kernel can; 50 µs late is the default.
const TIMER_SLACK_NS: &str = "1";

/// Bytes and when they arrive; without bytes, the end.
type Parcel = (Instant, Vec<u8>);

fn main() -> std::result::Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [listen, target, milliseconds] = words.as_slice() else {
        return Err("usage: delay LISTEN TARGET MILLISECONDS".into());
    };
    let (listen, target): (SocketAddr, SocketAddr) = (listen.parse()?, target.parse()?);
    let delay = Duration::from_millis(milliseconds.parse()?);
    // Threads inherit it. Where the kernel does not have this file, bytes are a little late.
    let _ = std::fs::write("/proc/self/timerslack_ns", TIMER_SLACK_NS);
    for near in TcpListener::bind(listen)?.incoming() {
        let near = near?;
        // A target that refuses ends one connection, as it would without the distance.
        thread::spawn(move || TcpStream::connect(target).and_then(|far| carry(&near, &far, delay)));
    }
    Ok(())
}

fn carry(near: &TcpStream, far: &TcpStream, delay: Duration) -> Result<()> {
    for (from, to) in [(near, far), (far, near)] {
        to.set_nodelay(true)?;
        let (from, to) = (from.try_clone()?, to.try_clone()?);
        let (send, receive) = sync_channel(PIECES);
        thread::spawn(move || depart(from, delay, &send));
        thread::spawn(move || arrive(to, &receive));
    }
    Ok(())
}

/// A broken connection looks like an end: what was under way still arrives.
fn depart(mut from: TcpStream, delay: Duration, under_way: &SyncSender<Parcel>) {
    let mut buffer = vec![0; PIECE];
    loop {
        let read = from.read(&mut buffer).unwrap_or(0);
        if under_way.send((Instant::now() + delay, buffer[..read].to_vec())).is_err() || read == 0 {
            return;
        }
    }
}

fn arrive(mut to: TcpStream, under_way: &Receiver<Parcel>) {
    while let Ok((due, bytes)) = under_way.recv() {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        if bytes.is_empty() {
            let _ = to.shutdown(Shutdown::Write);
            return;
        }
        if to.write_all(&bytes).is_err() {
            let _ = to.shutdown(Shutdown::Both);
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_ends_arrive_late_and_whole() {
        let delay = Duration::from_millis(20);
        let listen = || TcpListener::bind("127.0.0.1:0").unwrap();
        let connect = |to: &TcpListener| TcpStream::connect(to.local_addr().unwrap()).unwrap();
        let (front, back) = (listen(), listen());
        let (mut client, far) = (connect(&front), connect(&back));
        let (near, mut server) = (front.accept().unwrap().0, back.accept().unwrap().0);
        carry(&near, &far, delay).unwrap();
        drop((near, far));

        let began = Instant::now();
        let sent: Vec<u8> = (0..3 * PIECE).map(|n| n as u8).collect();
        client.write_all(&sent).unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        let mut got = Vec::new();
        server.read_to_end(&mut got).unwrap();
        server.write_all(b"thanks").unwrap();
        drop(server);
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).unwrap();
        assert!(got == sent && answer == b"thanks");
        assert!(began.elapsed() >= 2 * delay);
    }
}
