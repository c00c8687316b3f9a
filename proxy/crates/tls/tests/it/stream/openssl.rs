//! `openssl s_server` at the other end, led by its commands.

use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use hauberk_tls::stream;
use rcgen::KeyPair;
use time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::authority::Authority;
use crate::handshake::target;
use crate::{API, WEB, store};

use super::peers::name;

/// How it calls a message that announces new keys, which it sends and gets.
const SENT: &str = ">>> TLS 1.3, Handshake [length 0005], KeyUpdate";
const GOT: &str = "<<< TLS 1.3, Handshake [length 0005], KeyUpdate";

/// It sends what it is told, and says what it gets.
struct Server {
    child: Child,
    input: ChildStdin,
    said: String,
}

impl Server {
    /// With a certificate for this name.
    fn start(authority: &Authority, name: &str, suite: &str, mode: Option<&str>) -> Self {
        let key = KeyPair::generate().unwrap();
        let leaf = file(&format!("{suite}{mode:?}.crt"), &authority.leaf(&[name], Duration::DAY, &key));
        let key = file(&format!("{suite}{mode:?}.key"), &key.serialize_der());
        let mut child = Command::new("openssl")
            .args(["s_server", "-accept", "127.0.0.1:0", "-msg", "-naccept", "1", "-ciphersuites", suite])
            .args(mode)
            .args(["-certform", "DER", "-keyform", "DER", "-cert"])
            .arg(leaf)
            .arg("-key")
            .arg(key)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("openssl is there");
        let input = child.stdin.take().unwrap();
        Self { child, input, said: String::new() }
    }

    /// Where it listens.
    fn addr(&mut self) -> String {
        self.until("ACCEPT ");
        while !self.said.contains('\n') {
            self.hear();
        }
        self.said.lines().next().unwrap().to_owned()
    }

    fn tell(&mut self, bytes: &[u8]) {
        self.input.write_all(bytes).unwrap();
    }

    /// Waits until it says this, and returns it with all before it.
    fn until(&mut self, text: &str) -> String {
        while !self.said.contains(text) {
            self.hear();
        }
        let end = self.said.find(text).unwrap() + text.len();
        self.said.drain(..end).collect()
    }

    fn hear(&mut self) {
        let mut more = [0; 4096];
        let length = self.child.stdout.as_mut().unwrap().read(&mut more).unwrap();
        assert!(length > 0, "it said no more than {}", self.said);
        self.said.push_str(&String::from_utf8_lossy(&more[..length]));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn file(name: &str, content: &[u8]) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, content).unwrap();
    path
}

#[tokio::test]
async fn openssl_changes_its_keys_and_has_ours_changed() {
    let authority = Authority::new();
    let web = store(WEB, &authority);
    for suite in ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"] {
        let mut server = Server::start(&authority, API, suite, None);
        let socket = TcpStream::connect(server.addr()).await.unwrap();
        let config = web.client_config(&target(API), false).unwrap();
        let mut ours = stream::connect(socket, config, name()).await.unwrap().stream;
        for (round, order) in ["k", "K", "K", "k", "k", "K"].iter().cycle().take(60).enumerate() {
            server.tell(format!("{order}\n").as_bytes());
            server.until(SENT);
            let (line, answer) = (format!("line {round}.\n"), format!("answer {round}."));
            server.tell(line.as_bytes());
            let mut seen = vec![0; line.len()];
            ours.read_exact(&mut seen).await.unwrap();
            assert_eq!(seen, line.as_bytes(), "{suite}, {order}");
            ours.write_all(answer.as_bytes()).await.unwrap();
            assert_eq!(server.until(&answer).contains(GOT), *order == "K", "{suite}, {order}, {round}");
        }
    }
}

#[tokio::test]
async fn openssl_says_that_it_ends_or_just_goes() {
    let authority = Authority::new();
    let web = store(WEB, &authority);
    for (mode, order) in [(Some("-rev"), None), (None, Some(b"q\n"))] {
        let mut server = Server::start(&authority, API, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384", mode);
        let socket = TcpStream::connect(server.addr()).await.unwrap();
        let config = web.client_config(&target(API), false).unwrap();
        let mut ours = stream::connect(socket, config, name()).await.unwrap().stream;
        ours.write_all(b"CLOSE\n").await.unwrap(); // which is what the mode waits for
        match order {
            None => assert_eq!(ours.read(&mut [0]).await.unwrap(), 0, "an end that was said is no error"),
            Some(order) => {
                server.until("CLOSE");
                server.tell(order);
                assert_eq!(ours.read(&mut [0]).await.unwrap_err().kind(), ErrorKind::UnexpectedEof);
            }
        }
    }
}
