//! Keeps one question open: asks, takes the answers as they change, and asks again when the stream is gone.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use hauberk_core::outbound::Backoff;
use hauberk_metrics::control::ControlMetrics;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};
use tonic::transport::Channel;
use tonic::{Code, Status, Streaming};

use crate::backoff::{Pauses, random_share};
use crate::config::Streams;
use crate::end::End;
use crate::lines::Lines;
use crate::wire::Read;

/// Something asked of the control plane whose answer is kept current.
pub(crate) trait Question: Send {
    /// An answer, or a change of it.
    type Message: Send + 'static;

    /// The service's name in logs and metrics.
    fn service(&self) -> &'static str;

    /// Asks.
    fn ask(&self, channel: Channel) -> impl Future<Output = Result<Streaming<Self::Message>, Status>> + Send;

    /// Takes a message, `first` of its stream; an error leaves the last good view in force.
    fn take(&mut self, message: Self::Message, first: bool) -> Read<()>;

    /// The control plane has no answer, with a reason that will not pass by itself.
    fn refused(&mut self, status: &Status);

    /// Longest time between messages, if it is not that of all streams.
    fn idle(&self) -> Option<Duration> {
        None
    }
}

/// What all questions share.
#[derive(Clone)]
pub(crate) struct Asking {
    pub(crate) streams: Streams,
    pub(crate) backoff: Backoff,
    pub(crate) ready: watch::Receiver<bool>,
    pub(crate) metrics: Arc<ControlMetrics>,
}

impl Asking {
    /// Asks until it is dropped.
    pub(crate) async fn follow<Q: Question>(&self, mut question: Q, lines: &Lines) {
        if lines.needs_certificate() && self.ready.clone().wait_for(|ready| *ready).await.is_err() {
            return; // whoever gets the certificate is gone: the proxy is ending
        }
        let mut pauses = Pauses::new(self.backoff);
        let (mut told, mut known) = (false, false);
        loop {
            let (mut answered, begun) = (false, Instant::now());
            let end = match lines.lease() {
                Ok(line) => {
                    let end = self.once(&mut question, lines, (*line).clone(), &mut answered).await;
                    if let End::Silent = end {
                        lines.was_silent(&line);
                    }
                    end
                }
                Err(error) => End::Closed(Status::internal(error.to_string())),
            };
            // One that answers and hangs up at once is in trouble as well: it is not asked at the pace of a healthy one.
            let healthy = match end {
                End::Aged => true,
                End::Closed(_) => answered && begun.elapsed() >= self.backoff.max,
                End::Silent | End::Nonsense(_) => false,
            };
            if healthy {
                pauses.reset();
                told = false;
            }
            if let End::Nonsense(_) = end {
                self.metrics.view_rejected(question.service());
            }
            end.tell(question.service(), lines.service().address(), &mut told);
            known |= answered;
            // Whoever answered before has the call: something else speaks in its place, such as a server in between with 404.
            let refusal = end.refusal().filter(|status| !(known && status.code() == Code::Unimplemented));
            if let Some(status) = refusal {
                question.refused(status);
            }
            if !matches!(end, End::Aged) {
                tokio::time::sleep(pauses.next()).await;
            }
        }
    }

    async fn once<Q: Question>(&self, question: &mut Q, lines: &Lines, channel: Channel, answered: &mut bool) -> End {
        let begun = Instant::now();
        let age = self.streams.lifetime.map(|lifetime| begun + lifetime.mul_f32(1.0 - random_share() / 10.0));
        let server = lines.service().tls().map(|tls| tls.id.as_str());
        let peer = self.metrics.peer(&lines.service().address().to_string(), server);
        peer.request();
        let end = self.read(question, channel, begun, age, answered).await;
        peer.response(end.outcome(), begun.elapsed());
        end
    }

    async fn read<Q: Question>(
        &self,
        question: &mut Q,
        channel: Channel,
        begun: Instant,
        age: Option<Instant>,
        answered: &mut bool,
    ) -> End {
        let patience = self.streams.initial.map(|initial| begun + initial);
        let mut stream = match before(patience, question.ask(channel)).await {
            Some(Ok(stream)) => stream,
            Some(Err(status)) => return End::Closed(status),
            None => return End::Silent,
        };
        let mut patience = patience;
        loop {
            let until = match (patience, age) {
                (Some(patience), Some(age)) => Some(patience.min(age)),
                (patience, age) => patience.or(age),
            };
            match before(until, stream.message()).await {
                Some(Ok(Some(message))) => match question.take(message, !*answered) {
                    Ok(()) => *answered = true,
                    Err(nonsense) => return End::Nonsense(nonsense),
                },
                Some(Ok(None)) => return End::Closed(Status::unavailable("the control plane ended the stream")),
                Some(Err(status)) => return End::Closed(status),
                None if *answered => return End::Aged,
                None => return End::Silent,
            }
            patience = question.idle().or(self.streams.idle).map(|idle| Instant::now() + idle);
        }
    }
}

async fn before<F: Future>(deadline: Option<Instant>, future: F) -> Option<F::Output> {
    match deadline {
        Some(deadline) => timeout_at(deadline, future).await.ok(),
        None => Some(future.await),
    }
}
