//! HTTP/2 frame by frame (RFC 9113, 4.1), for what no library would say.

use tokio::net::TcpStream;

use crate::support::talk::Talk;

pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const PRIORITY: u8 = 2;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const WINDOW_UPDATE: u8 = 8;
pub(crate) const CONTINUATION: u8 = 9;

pub(crate) const ACK: u8 = 1;
pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;

/// `POST http://web/` in the static table of HPACK, the host as a literal.
pub(crate) const POST: &[u8] = b"\x83\x86\x84\x01\x03web";
/// `:status: 200` in the static table of HPACK.
pub(crate) const OK: &[u8] = b"\x88";

pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let [_, length @ ..] = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// The payload of the next frame of this kind.
pub(crate) async fn until(talk: &mut Talk, wanted: u8) -> Vec<u8> {
    loop {
        let header = talk.take(9).await;
        let length = u32::from_be_bytes([0, header[0], header[1], header[2]]);
        let payload = talk.take(length as usize).await;
        if header[3] == wanted {
            return payload;
        }
    }
}

/// The code of the goodbye that comes, whatever comes before.
pub(crate) async fn goodbye(talk: &mut Talk) -> u32 {
    let payload = until(talk, GOAWAY).await;
    u32::from_be_bytes([payload[4], payload[5], payload[6], payload[7]])
}

/// A server that waits for a request on its connection and says goodbye without having taken up any (RFC 9113, 6.8). The
/// connection is the caller's.
pub(crate) async fn leave_out(socket: TcpStream) -> Talk {
    let mut talk = Talk::over(socket);
    talk.take(PREFACE.len()).await;
    talk.say(frame(SETTINGS, 0, 0, &[])).await;
    until(&mut talk, HEADERS).await;
    talk.say(frame(GOAWAY, 0, 0, &[0; 8])).await;
    talk
}
