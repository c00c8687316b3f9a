//! Clients of a server of HTTP/2.

use std::net::SocketAddr;

use bytes::Bytes;
use h2::client::SendRequest;
use tokio::task::{JoinHandle, spawn_local};
use tokio::time::timeout;

use crate::ask2::{Ask, PATHS};
use crate::client::{connect, settle};
use crate::server2::Server;
use crate::settings::PATIENCE;
use crate::strict::message::Field;
use crate::talk1::Talk;

/// Turns after which what was on its way through two proxies is there, in those of [`settle`].
const QUIET: usize = 4;

/// An answer, as far as it came.
#[derive(Debug, Default)]
pub struct Answer {
    /// Such as 200.
    pub status: u16,
    /// In their order.
    pub headers: Vec<Field>,
    /// As far as it came.
    pub body: Vec<u8>,
    /// Whether that is all.
    pub whole: bool,
}

impl Answer {
    /// Whether the head says how long the body is.
    pub fn has_length(&self) -> bool {
        self.headers.iter().any(|(name, _)| name == b"content-length")
    }
}

/// What the client got for each of [`PATHS`]: none where its stream was reset, or its connection closed, without a head.
pub type Answers = Vec<Option<Answer>>;

/// Asks for the first two at once, and for the third once the server has cut its connections.
pub async fn over_http2(proxy: SocketAddr, server: &Server, ask: Ask) -> Result<Answers, String> {
    let (requests, connection) = h2::client::handshake(connect(proxy).await).await.map_err(failed)?;
    let connection = spawn_local(connection);
    let [first, second, last] = PATHS;
    let ask_for = |ask, path| spawn_local(request(requests.clone(), ask, path));
    let first = ask_for(ask, first);
    quiet().await;
    let second = ask_for(ask, second);
    quiet().await;
    server.cut().await;
    let mut answers = vec![finished(first).await?, finished(second).await?];
    // This one is repeated whatever becomes of it.
    answers.push(finished(ask_for(Ask::Get, last)).await?);
    if connection.is_finished() {
        return Err("the client's own connection failed".to_owned());
    }
    drop(requests);
    connection.abort();
    Ok(answers)
}

/// The same for clients that speak HTTP/1, each over a connection of its own.
pub async fn over_http1(proxy: SocketAddr, server: &Server, ask: Ask) -> Result<Answers, String> {
    let mut answers = Vec::new();
    let mut talks = [Talk::to(proxy).await, Talk::to(proxy).await];
    for (talk, path) in talks.iter_mut().zip(PATHS) {
        talk.say(&ask.request1(path)).await;
        quiet().await;
    }
    server.cut().await;
    for talk in &mut talks {
        answers.push(whole(talk, ask).await?);
    }
    let mut last = Talk::to(proxy).await;
    last.say(&Ask::Get.request1(PATHS[2])).await;
    answers.push(whole(&mut last, Ask::Get).await?);
    Ok(answers)
}

async fn whole(talk: &mut Talk, ask: Ask) -> Result<Option<Answer>, String> {
    talk.hear_all(ask.method().as_bytes()).await?;
    // Nothing may come behind the answer.
    talk.hear().await;
    let heard = talk.heard(ask.method().as_bytes())?;
    let Some(answer) = heard.answer else { return Ok(None) };
    if !heard.rest.is_empty() {
        return Err(format!("{:?} came behind the answer", String::from_utf8_lossy(&heard.rest)));
    }
    let status = String::from_utf8_lossy(&answer.line[1]).parse().unwrap();
    // Those that say where an answer ends are this connection's own.
    let mut headers = answer.headers;
    headers.retain(|(name, _)| !matches!(&name[..], b"connection" | b"transfer-encoding"));
    Ok(Some(Answer { status, headers, body: answer.body, whole: answer.whole }))
}

async fn finished(request: JoinHandle<Result<Option<Answer>, String>>) -> Result<Option<Answer>, String> {
    match timeout(PATIENCE, request).await {
        Ok(answer) => answer.unwrap(),
        Err(_) => Err("neither an answer nor an end comes".to_owned()),
    }
}

async fn quiet() {
    for _ in 0..QUIET {
        settle().await;
    }
}

async fn request(requests: SendRequest<Bytes>, ask: Ask, path: &str) -> Result<Option<Answer>, String> {
    let mut requests = requests.ready().await.map_err(failed)?;
    let body = ask.body();
    let (response, mut stream) = requests.send_request(ask.request2(path), body.is_empty()).map_err(failed)?;
    drop(requests);
    if !body.is_empty() {
        // A server may answer, or reset, before it has the body.
        let _ = stream.send_data(Bytes::from_static(body), true);
    }
    let (head, mut body) = match response.await {
        Ok(response) => response.into_parts(),
        Err(error) => return reset(&error).map(|()| None),
    };
    let field = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        (name.as_str().as_bytes().to_vec(), value.as_bytes().to_vec())
    };
    let headers = head.headers.iter().map(field).collect();
    let mut answer = Answer { status: head.status.as_u16(), headers, ..Answer::default() };
    while let Some(piece) = body.data().await {
        match piece {
            Ok(piece) => {
                let _ = body.flow_control().release_capacity(piece.len());
                answer.body.extend_from_slice(&piece);
            }
            Err(error) => return reset(&error).map(|()| Some(answer)),
        }
    }
    match body.trailers().await {
        Ok(_) => Ok(Some(Answer { whole: true, ..answer })),
        Err(error) => reset(&error).map(|()| Some(answer)),
    }
}

/// The one failure that is right: the proxy says that there is no answer, or no more of it.
fn reset(error: &h2::Error) -> Result<(), String> {
    if error.is_reset() && error.is_remote() { Ok(()) } else { Err(failed(error)) }
}

fn failed(error: impl std::fmt::Display) -> String {
    format!("what the client got is no HTTP/2: {error}")
}
