//! A program that speaks HTTP/1 and takes nothing that is not exactly right.

use std::cell::{Cell, RefCell};
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::client::settle;
use crate::settings::PATIENCE;
use crate::strict::message::Message;
use crate::strict::{Next, request};

/// What it got since it was last asked.
#[derive(Clone, Default)]
pub struct Program {
    seen: Rc<RefCell<Vec<Message>>>,
    wrong: Rc<RefCell<Option<String>>>,
    /// Connections in the middle of a request.
    busy: Rc<Cell<usize>>,
}

impl Program {
    /// Serves at an address of its own.
    pub async fn start() -> (Self, SocketAddr) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let addr = listener.local_addr().unwrap();
        let program = Self::default();
        let serving = program.clone();
        tokio::task::spawn_local(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::task::spawn_local(serving.clone().serve(socket));
            }
        });
        (program, addr)
    }

    /// All requests so far, those that were cut short too, in the order in which they began.
    pub async fn take(&self) -> Result<Vec<Message>, String> {
        settle().await;
        let finished = async {
            while self.busy.get() > 0 {
                settle().await;
            }
        };
        let finished = tokio::time::timeout(PATIENCE, finished).await;
        let seen = self.seen.take();
        match self.wrong.take() {
            Some(wrong) => Err(wrong),
            None if finished.is_err() => Err("a request to the program is neither ended nor cut off".to_owned()),
            None => Ok(seen),
        }
    }

    async fn serve(self, mut socket: TcpStream) {
        let mut bytes = Vec::new();
        let mut busy = None;
        // Where the request that is still arriving stands among those seen.
        let mut place = None;
        let mut told_to_go_on = false;
        loop {
            match request(&bytes) {
                Next::Wrong(why) => return self.refuse(&bytes, why),
                Next::Message(message, length) => {
                    bytes.drain(..length);
                    let answer = answer(&message);
                    self.note(&mut place, message);
                    (place, told_to_go_on) = (None, false);
                    busy = None;
                    if socket.write_all(answer).await.is_err() {
                        return;
                    }
                    continue;
                }
                Next::Partial(Some(message)) => {
                    let expects = message.says(b"expect", b"100-continue");
                    self.note(&mut place, message);
                    if expects && !std::mem::replace(&mut told_to_go_on, true) {
                        let _ = socket.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await;
                    }
                }
                Next::Partial(None) => {}
            }
            if !bytes.is_empty() && busy.is_none() {
                busy = Some(Busy::new(&self.busy));
            }
            match socket.read_buf(&mut bytes).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
        }
    }

    fn note(&self, place: &mut Option<usize>, message: Message) {
        let mut seen = self.seen.borrow_mut();
        match place.and_then(|at| seen.get_mut(at)) {
            Some(earlier) => *earlier = message,
            None => {
                *place = Some(seen.len());
                seen.push(message);
            }
        }
    }

    fn refuse(&self, bytes: &[u8], why: &str) {
        *self.wrong.borrow_mut() = Some(format!("the program got {why}: {:?}", String::from_utf8_lossy(bytes)));
    }
}

/// The program takes part in no tunnel, so a client can say nothing that is not a request.
fn answer(message: &Message) -> &'static [u8] {
    match &*message.line[0] {
        b"HEAD" => b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n",
        b"CONNECT" => b"HTTP/1.1 405 Method Not Allowed\r\ncontent-length: 0\r\n\r\n",
        _ => b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok",
    }
}

struct Busy(Rc<Cell<usize>>);

impl Busy {
    fn new(count: &Rc<Cell<usize>>) -> Self {
        count.set(count.get() + 1);
        Self(count.clone())
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}
