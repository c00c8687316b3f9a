//! A client of HTTP/1 that asks twice.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::ask1::{Ask, SECOND, TUNNELED};
use crate::client::{connect, settle};
use crate::server1::Server;
use crate::settings::PATIENCE;
use crate::strict::message::Message;
use crate::strict::{Next, response};

/// Nothing came for so long: what was on its way through two proxies is there.
const QUIET: usize = 4;

/// What the client got.
#[derive(Debug, Default)]
pub struct Heard {
    /// Interim answers.
    pub interims: Vec<Message>,
    /// The last one, as far as it came.
    pub answer: Option<Message>,
    /// What came behind it.
    pub rest: Vec<u8>,
    /// How the connection ended, if it did.
    pub ended: Option<Ended>,
    /// Whether the whole request was sent.
    pub sent: bool,
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The peer said that there is no more.
    Orderly,
    /// It failed.
    Reset,
}

/// Asks `one`, then `two`: over the same connection where that stays. The server's connections are cut in time.
pub async fn ask_twice(proxy: SocketAddr, server: &Server, ask: Ask) -> Result<(Heard, Heard), String> {
    let mut talk = Talk::to(proxy).await;
    let first = talk.ask(server, ask).await?;
    let stays = |answer: &Message| answer.whole && answer.stays() && !ask.tunnels(&answer.line[1]);
    if !first.answer.as_ref().is_some_and(stays) {
        talk = Talk::to(proxy).await;
    }
    talk.say(SECOND).await;
    talk.hear_all(b"GET").await?;
    let second = talk.heard(b"GET")?;
    Ok((first, second))
}

/// A connection, with what came and was not looked at yet.
pub struct Talk {
    socket: TcpStream,
    bytes: Vec<u8>,
    ended: Option<Ended>,
}

impl Talk {
    /// A new one.
    pub async fn to(proxy: SocketAddr) -> Self {
        Self { socket: connect(proxy).await, bytes: Vec::new(), ended: None }
    }

    async fn ask(&mut self, server: &Server, ask: Ask) -> Result<Heard, String> {
        self.say(ask.first()).await;
        self.hear().await;
        let heard = self.look(ask.method())?;
        let tunnels = heard.answer.as_ref().is_some_and(|answer| ask.tunnels(&answer.line[1]));
        // Without a word to go on nobody knows whether the body is wanted.
        let goes_on = ask != Ask::Expect || heard.interims.iter().any(|interim| interim.line[1] == b"100");
        if tunnels {
            self.say(TUNNELED).await;
        } else if goes_on || heard.answer.is_none() {
            self.say(ask.rest()).await;
        }
        self.hear().await;
        if tunnels {
            server.cut().await;
            self.hear_until(|_, _| false).await?;
        } else if !self.look(ask.method())?.answer.is_some_and(|answer| answer.whole) {
            server.cut().await;
            self.hear_all(ask.method()).await?;
        }
        Ok(Heard { sent: goes_on || heard.answer.is_none(), ..self.heard(ask.method())? })
    }

    /// Says it.
    pub async fn say(&mut self, bytes: &[u8]) {
        // The proxy may have closed.
        let _ = self.socket.write_all(bytes).await;
    }

    /// Hears until nothing more comes.
    pub async fn hear(&mut self) {
        loop {
            let quiet = async {
                for _ in 0..QUIET {
                    settle().await;
                }
            };
            tokio::select! {
                biased;
                _ = self.more(), if self.ended.is_none() => {}
                () = quiet => return,
            }
        }
    }

    /// Hears to the end of the answer.
    pub async fn hear_all(&mut self, method: &[u8]) -> Result<(), String> {
        self.hear_until(|bytes, ended| {
            look(bytes, method, ended).is_ok_and(|heard| heard.answer.is_some_and(|a| a.whole))
        })
        .await
    }

    async fn hear_until(&mut self, is_over: impl Fn(&[u8], Option<Ended>) -> bool) -> Result<(), String> {
        let hearing = async { while !is_over(&self.bytes, self.ended) && self.more().await {} };
        let heard = timeout(PATIENCE, hearing).await;
        heard.map_err(|_| {
            format!("neither an answer nor an end comes; so far: {:?}", String::from_utf8_lossy(&self.bytes))
        })
    }

    async fn more(&mut self) -> bool {
        if self.ended.is_none() {
            match self.socket.read_buf(&mut self.bytes).await {
                Ok(1..) => return true,
                Ok(0) => self.ended = Some(Ended::Orderly),
                Err(_) => self.ended = Some(Ended::Reset),
            }
        }
        false
    }

    fn look(&self, method: &[u8]) -> Result<Heard, String> {
        look(&self.bytes, method, self.ended)
    }

    /// What came; the next answer comes behind it.
    pub fn heard(&mut self, method: &[u8]) -> Result<Heard, String> {
        let heard = self.look(method);
        self.bytes.clear();
        heard
    }
}

/// Nothing but exact messages may come from a proxy.
fn look(bytes: &[u8], method: &[u8], ended: Option<Ended>) -> Result<Heard, String> {
    let (mut heard, mut rest) = (Heard { ended, ..Heard::default() }, bytes);
    while heard.answer.is_none() && !rest.is_empty() {
        match response(rest, method) {
            Next::Message(message, length) => {
                rest = &rest[length..];
                if message.is_interim() {
                    heard.interims.push(message);
                } else {
                    let whole = !message.until_close || ended == Some(Ended::Orderly);
                    heard.answer = Some(Message { whole, ..message });
                }
            }
            Next::Partial(message) => {
                heard.answer = message;
                return Ok(heard);
            }
            Next::Wrong(why) => return Err(format!("the client got {why}: {:?}", String::from_utf8_lossy(bytes))),
        }
    }
    heard.rest = rest.to_vec();
    Ok(heard)
}
