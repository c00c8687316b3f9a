//! What a stand-in for the control plane says on the streams of one question.

use std::sync::{Arc, Mutex};

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tonic::Status;
use tonic::codegen::tokio_stream::wrappers::UnboundedReceiverStream;

pub(crate) type Answers<M> = UnboundedReceiverStream<Result<M, Status>>;

/// Each stream gets everything said so far, and then what is said next.
pub(crate) struct Script<M>(Mutex<State<M>>);

struct State<M> {
    said: Vec<Result<M, Status>>,
    streams: Vec<UnboundedSender<Result<M, Status>>>,
    opened: usize,
}

impl<M: Clone> Script<M> {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(State { said: Vec::new(), streams: Vec::new(), opened: 0 })))
    }

    pub(crate) fn say(&self, message: M) {
        self.push(Ok(message));
    }

    pub(crate) fn push(&self, answer: Result<M, Status>) {
        let mut state = self.0.lock().unwrap();
        state.streams.retain(|stream| stream.send(answer.clone()).is_ok());
        state.said.push(answer);
    }

    /// Ends all streams; the next ones get this.
    pub(crate) fn restart(&self, said: Vec<Result<M, Status>>) {
        let mut state = self.0.lock().unwrap();
        state.streams.clear();
        state.said = said;
    }

    /// A stream was asked for; an error that is the first answer refuses the call itself.
    pub(crate) fn open(&self) -> Result<Answers<M>, Status> {
        let mut state = self.0.lock().unwrap();
        state.opened += 1;
        if let Some(Err(status)) = state.said.first() {
            return Err(status.clone());
        }
        let (sender, receiver) = unbounded_channel();
        for answer in &state.said {
            sender.send(answer.clone()).unwrap();
        }
        state.streams.push(sender);
        Ok(UnboundedReceiverStream::new(receiver))
    }

    /// Streams that were ever asked for.
    pub(crate) fn opened(&self) -> usize {
        self.0.lock().unwrap().opened
    }

    /// Streams that somebody listens to.
    pub(crate) fn listening(&self) -> usize {
        self.0.lock().unwrap().streams.iter().filter(|stream| !stream.is_closed()).count()
    }
}
