//! The access log: a line for each request to the program, handed to a writer that nobody waits for.

use std::io::{self, Write};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::task::{Context, Poll, ready};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hauberk_core::access_log::{Answered, Asked, Circumstances, Format, line};
use hauberk_core::identity::ClientTls;
use hauberk_metrics::counter::Counter;
use hauberk_metrics::families::{DataMetrics, Family};
use hauberk_metrics::labels::LabelSet;
use http::Request;
use pin_project_lite::pin_project;
use tokio::time::Instant;

use crate::http::serve::{Reply, Reset};
use crate::inbound::Client;

/// Lines, and their bytes, that wait for the writer at most. What is beyond is dropped and counted: a reader that does not
/// keep up neither delays requests nor takes the proxy's memory.
const LINES_MAX: usize = 4096;
const BYTES_MAX: usize = 1024 * 1024;
/// Bytes that are written at once.
const BATCH_BYTES: usize = 64 * 1024;

/// Takes the lines of all workers.
#[derive(Debug)]
pub struct AccessLog {
    format: Format,
    lines: SyncSender<Message>,
    waiting: Arc<AtomicUsize>,
    dropped: Arc<Counter>,
}

#[derive(Debug)]
enum Message {
    Line(String),
    /// Tell that all before is written.
    Mark(SyncSender<()>),
}

impl AccessLog {
    /// Starts a thread that writes lines to `out`.
    pub fn start(format: Format, out: impl Write + Send + 'static, metrics: &DataMetrics) -> io::Result<Self> {
        let (lines, messages) = mpsc::sync_channel(LINES_MAX);
        let waiting = Arc::new(AtomicUsize::new(0));
        let dropped = metrics.counter(Family::AccessLogDropped, &LabelSet::new());
        let writer = Writer { messages, waiting: waiting.clone(), dropped: dropped.clone(), out };
        thread::Builder::new().name("access-log".to_owned()).spawn(move || writer.run())?;
        Ok(Self { format, lines, waiting, dropped })
    }

    /// Waits, but no longer than `patience`, until all lines so far are written.
    pub fn finish(&self, patience: Duration) {
        let (done, written) = mpsc::sync_channel(1);
        if self.lines.try_send(Message::Mark(done)).is_ok() {
            // What was not written in time is lost with the process.
            let _ = written.recv_timeout(patience);
        }
    }

    fn write(&self, line: String) {
        let length = line.len();
        let fits = self.waiting.fetch_add(length, Ordering::Relaxed) + length <= BYTES_MAX;
        if !fits || self.lines.try_send(Message::Line(line)).is_err() {
            self.waiting.fetch_sub(length, Ordering::Relaxed);
            self.dropped.increment();
        }
    }
}

struct Writer<W> {
    messages: Receiver<Message>,
    waiting: Arc<AtomicUsize>,
    dropped: Arc<Counter>,
    out: W,
}

impl<W: Write> Writer<W> {
    /// Writes what comes in as few pieces as possible, until nobody can send any more.
    fn run(mut self) {
        let mut batch = Vec::new();
        while let Ok(message) = self.messages.recv() {
            let (mut next, mut lines, mut marks) = (Some(message), 0, Vec::new());
            while let Some(message) = next {
                match message {
                    Message::Line(line) => {
                        self.waiting.fetch_sub(line.len(), Ordering::Relaxed);
                        batch.extend_from_slice(line.as_bytes());
                        lines += 1;
                    }
                    Message::Mark(done) => marks.push(done),
                }
                next = if batch.len() < BATCH_BYTES { self.messages.try_recv().ok() } else { None };
            }
            if let Err(error) = self.out.write_all(&batch).and_then(|()| self.out.flush()) {
                tracing::debug!(%error, lines, "the access log cannot be written");
                self.dropped.add(lines);
            }
            batch.clear();
            for done in marks {
                let _ = done.try_send(()); // nobody may wait for it any more
            }
        }
    }
}

/// A request whose line is written when this is dropped: with its answer, or without one if the client gave up.
struct Entry {
    log: Arc<AccessLog>,
    client: Client,
    asked: Asked,
    answered: Option<Answered>,
    at: SystemTime,
    started: Instant,
    processing: Duration,
}

impl Drop for Entry {
    fn drop(&mut self) {
        let circumstances = Circumstances {
            client: self.client.addr,
            client_id: match &self.client.tls {
                ClientTls::Identified { id, .. } => Some(id.as_str()),
                ClientTls::Anonymous | ClientTls::Plain => None,
            },
            at: self.at.duration_since(UNIX_EPOCH).unwrap_or_default(),
            total: self.started.elapsed(),
            processing: self.processing,
        };
        self.log.write(line(self.log.format, &circumstances, &self.asked, self.answered.as_ref()));
    }
}

pin_project! {
    /// An answer on its way; without an access log, nothing but that.
    pub(crate) struct Logged<F> {
        #[pin]
        answer: F,
        entry: Option<Box<Entry>>,
    }
}

impl<F> Logged<F> {
    /// `request` asks for the `answer`.
    pub(crate) fn new<B>(
        log: Option<&Arc<AccessLog>>,
        client: &Client,
        request: Request<B>,
        answer: impl FnOnce(Request<B>) -> F,
    ) -> Self {
        let entry = log.map(|log| {
            let asked = Asked::of(&request);
            let (at, started, processing) = (SystemTime::now(), Instant::now(), Duration::ZERO);
            Box::new(Entry { log: log.clone(), client: client.clone(), asked, answered: None, at, started, processing })
        });
        Self { answer: answer(request), entry }
    }
}

impl<F: Future<Output = Result<Reply, Reset>>> Future for Logged<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let Some(entry) = this.entry else { return this.answer.poll(cx) };
        let began = Instant::now();
        let polled = this.answer.poll(cx);
        entry.processing += began.elapsed();
        let reply = ready!(polled);
        entry.answered = match &reply {
            Ok(Reply::Answer(response)) => Some(Answered::of(response)),
            Ok(Reply::Tunnel(response, _)) => Some(Answered::of(response)),
            Err(_) => None,
        };
        *this.entry = None;
        Poll::Ready(reply)
    }
}
