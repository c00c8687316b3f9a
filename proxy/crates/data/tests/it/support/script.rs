//! A server that says exactly what a test wants, byte by byte, and remembers what it was told.

use std::cell::{Cell, RefCell};
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// A server of HTTP/1 that answers each head it reads with the same bytes.
pub(crate) struct Script {
    pub(crate) addr: SocketAddr,
    /// All bytes of each connection.
    pub(crate) heard: Rc<RefCell<Vec<Vec<u8>>>>,
    /// Connections that ended, with an error or not.
    pub(crate) ended: Rc<Cell<usize>>,
}

impl Script {
    /// Answers with `answer`; then `closes` or waits for the next request.
    pub(crate) async fn start(answer: &'static [u8], closes: bool) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let addr = listener.local_addr().unwrap();
        let heard: Rc<RefCell<Vec<Vec<u8>>>> = Rc::default();
        let ended: Rc<Cell<usize>> = Rc::default();
        let (all, ends) = (heard.clone(), ended.clone());
        tokio::task::spawn_local(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let (all, ends) = (all.clone(), ends.clone());
                let index = all.borrow().len();
                all.borrow_mut().push(Vec::new());
                tokio::task::spawn_local(async move {
                    let mut answered = 0;
                    let mut buffer = Vec::new();
                    while socket.read_buf(&mut buffer).await.is_ok_and(|length| length > 0) {
                        all.borrow_mut()[index].clone_from(&buffer);
                        let heads = buffer.windows(4).filter(|window| window == b"\r\n\r\n").count();
                        if heads > answered {
                            answered = heads;
                            if socket.write_all(answer).await.is_err() || closes {
                                break;
                            }
                        }
                    }
                    ends.set(ends.get() + 1);
                });
            }
        });
        Self { addr, heard, ended }
    }

    /// What connection number `index` was told.
    pub(crate) fn heard(&self, index: usize) -> String {
        self.heard.borrow().get(index).map(|bytes| String::from_utf8_lossy(bytes).into_owned()).unwrap_or_default()
    }
}
