//! HTTP/1.1 with a kept connection (RFC 9112), as far as it is needed here.

use std::io::{Error, ErrorKind, Read as _, Result, Write as _};
use std::net::TcpStream;

use crate::Client;

const HEAD_MAX: usize = 16 * 1024;

pub(crate) struct Http1 {
    socket: TcpStream,
    request: Vec<u8>,
    size: usize,
    buffer: Vec<u8>,
}

impl Http1 {
    pub(crate) fn new(socket: TcpStream, authority: &str, size: usize) -> Self {
        let request = format!("GET /{size} HTTP/1.1\r\nhost: {authority}\r\n\r\n").into_bytes();
        Self { socket, request, size, buffer: vec![0; HEAD_MAX + size] }
    }
}

impl Client for Http1 {
    fn ask(&mut self) -> Result<()> {
        self.socket.write_all(&self.request)?;
        let (mut filled, mut head) = (0, None);
        while head.is_none_or(|head| filled < head + self.size) {
            match self.socket.read(&mut self.buffer[filled..])? {
                0 => return Err(ErrorKind::UnexpectedEof.into()),
                read => filled += read,
            }
            if head.is_none() {
                head = end_of_head(&self.buffer[..filled]);
                if let Some(head) = head {
                    check(&self.buffer[..head], self.size)?;
                }
            }
        }
        if head.is_some_and(|head| filled > head + self.size) {
            Err(unexpected("bytes after the body"))
        } else {
            Ok(())
        }
    }
}

fn end_of_head(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4)
}

fn check(head: &[u8], size: usize) -> Result<()> {
    let head = std::str::from_utf8(head).map_err(|_| unexpected("head"))?;
    if !head.starts_with("HTTP/1.1 200 ") {
        return Err(unexpected("status"));
    }
    let length = head.lines().filter_map(|line| line.split_once(':')).find_map(|(name, value)| {
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok()).flatten()
    });
    if length == Some(size) { Ok(()) } else { Err(unexpected("length")) }
}

fn unexpected(what: &str) -> Error {
    Error::new(ErrorKind::InvalidData, format!("unexpected {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_expected_answer_counts() {
        assert!(check(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", 100).is_ok());
        assert!(check(b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n", 100).is_err());
        assert!(check(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", 100).is_err());
        assert!(check(b"HTTP/1.1 503 Unavailable\r\ncontent-length: 100\r\n\r\n", 100).is_err());
    }
}
