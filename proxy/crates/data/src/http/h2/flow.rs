//! What is known of a connection and needed by its streams and by whoever tends it.

use std::cell::{Cell, RefCell};
use std::task::Waker;
use std::time::{Duration, Instant};

use h2::{FlowControl, RecvStream};
use hauberk_core::budget::Budget;
use hauberk_core::http2::frames::Frames;
use tokio::sync::Notify;

use crate::http::held::Held;
use crate::http::stall::Patience;
use crate::stream::Stream;

/// A client that resets a stream as old as this was waiting for it. One connection cannot have more than some thousands of them
/// each second, as few may be open at once.
const LIVED: Duration = Duration::from_millis(50);

/// What is known of a connection: mostly of its incoming side.
pub(super) struct Flow {
    /// As long as the connection lives.
    stream: RefCell<Option<Stream>>,
    frames: RefCell<Frames>,
    /// Bytes of data that its readers took.
    taken: Cell<u64>,
    /// Which round trip it is, and the most that one reader took in it.
    round: Cell<u32>,
    most: Cell<u64>,
    /// Streams whose data may be unread.
    open: Cell<usize>,
    /// A stream was opened since this was looked at.
    begun: Cell<bool>,
    flooded: Cell<bool>,
    /// What the peer's goodbye says was told.
    parted: Cell<bool>,
    /// For what waits until the peer permits it.
    room: Budget,
    /// How long the peer may stall, if it is a client.
    patience: Option<Patience>,
    /// The peer sent something since this was forgotten.
    heard: Cell<bool>,
    /// When the peer last sent something.
    heard_at: Cell<Instant>,
    /// How often bytes were handed to the connection.
    writes: Cell<u64>,
    /// Told once the peer's settings have come, or never will.
    settled: Notify,
    /// Who is woken when the last stream is over, if that matters.
    at_rest: RefCell<Option<Waker>>,
    /// Streams that are over, until the connection moves.
    over: RefCell<Vec<FlowControl>>,
}

/// What one reader took in the latest round trip in which it took anything.
#[derive(Default)]
pub(super) struct Took {
    round: u32,
    bytes: u64,
}

impl Flow {
    /// What is known at the start of a connection. What waits here for the peer is held in `room`; a client may stall as
    /// `patience` has it.
    pub(super) fn new(stream: Option<Stream>, frames: Frames, room: Budget, patience: Option<Patience>) -> Self {
        Self {
            stream: RefCell::new(stream),
            settled: Notify::new(),
            at_rest: RefCell::default(),
            frames: RefCell::new(frames),
            taken: Cell::new(0),
            round: Cell::new(0),
            most: Cell::new(0),
            open: Cell::new(0),
            begun: Cell::new(false),
            flooded: Cell::new(false),
            parted: Cell::new(false),
            room,
            patience,
            heard: Cell::new(false),
            heard_at: Cell::new(Instant::now()),
            writes: Cell::new(0),
            over: RefCell::default(),
        }
    }

    /// Bytes of data that came.
    pub(super) fn received(&self) -> u64 {
        self.frames.borrow().data()
    }

    /// Bytes of data that came and that no reader took yet, where each stream lets so much come ahead. What is beyond that no
    /// reader will take: padding, and what came for streams that were reset.
    pub(super) fn unread(&self, ahead: u32) -> u64 {
        let received = self.received();
        let possible = u64::from(ahead).saturating_mul(self.open.get() as u64);
        let taken = self.taken.get().max(received.saturating_sub(possible));
        self.taken.set(taken);
        received.saturating_sub(taken)
    }

    /// So many bytes of one stream wait for the peer.
    pub(super) fn hold(&self, held: &mut Option<Held>, bytes: usize) {
        held.get_or_insert_with(|| Held::new(self.room.clone())).wait(bytes);
    }

    /// How long the peer may stall.
    pub(super) fn patience(&self) -> Option<&Patience> {
        self.patience.as_ref()
    }

    /// Streams that are open.
    pub(super) fn open(&self) -> usize {
        self.open.get()
    }

    /// One stream more.
    pub(super) fn opened(&self) {
        self.open.set(self.open.get() + 1);
        self.begun.set(true);
    }

    /// Whether a stream was opened since this was taken last.
    pub(super) fn take_begun(&self) -> bool {
        self.begun.take()
    }

    /// One stream less. Returns how many are left.
    pub(super) fn closed(&self) -> usize {
        self.open.set(self.open.get().saturating_sub(1));
        self.open.get()
    }

    /// There is something to do once the last stream is over: whoever does it is woken.
    pub(super) fn wake_at_rest(&self, waker: &Waker) {
        let mut at_rest = self.at_rest.borrow_mut();
        if at_rest.is_none() {
            *at_rest = Some(waker.clone());
        }
    }

    /// The last stream is over.
    pub(super) fn rests(&self) {
        if let Some(waker) = self.at_rest.borrow_mut().take() {
            waker.wake();
        }
    }

    /// A stream that is over, at both of its ends: dropped at once it would wake the connection, which has nothing to do for it.
    pub(super) fn leave(&self, stream: &mut RecvStream) {
        self.over.borrow_mut().push(stream.flow_control().clone());
    }

    /// Drops the streams that are over; there are as many as may be open, at most.
    pub(super) fn let_go(&self) {
        self.over.borrow_mut().clear();
    }

    /// The reader that `took` so much before takes so many bytes more.
    pub(super) fn take(&self, took: &mut Took, length: usize) {
        self.drop_unread(length);
        if took.round != self.round.get() {
            *took = Took { round: self.round.get(), bytes: 0 };
        }
        took.bytes += length as u64;
        self.most.set(self.most.get().max(took.bytes));
    }

    /// So many bytes will not be read by anybody.
    pub(super) fn drop_unread(&self, length: usize) {
        self.taken.set(self.taken.get() + length as u64);
    }

    /// The most that one reader took in this round trip.
    pub(super) fn most(&self) -> u64 {
        self.most.get()
    }

    /// Another round trip begins.
    pub(super) fn begin_round(&self) {
        self.round.set(self.round.get().wrapping_add(1));
        self.most.set(0);
    }

    /// Nothing is under way, so nothing is unread: what the library dropped by itself was never taken.
    pub(super) fn settle(&self) {
        self.taken.set(self.received());
    }

    /// So many bytes of data went to the peer.
    pub(super) fn sent(&self, length: usize) {
        self.frames.borrow_mut().sent(length);
    }

    /// Whether anything came since `forget_heard`.
    pub(super) fn has_heard(&self) -> bool {
        self.heard.get()
    }

    /// From now on, what comes is new.
    pub(super) fn forget_heard(&self) {
        self.heard.set(false);
    }

    /// When the peer last sent something, or the connection began.
    pub(super) fn heard_at(&self) -> Instant {
        self.heard_at.get()
    }

    /// How often bytes were handed to the connection. What was to be sent while this stayed the same did not leave this proxy.
    pub(super) fn writes(&self) -> u64 {
        self.writes.get()
    }

    /// Bytes were handed to the connection.
    pub(super) fn written(&self) {
        self.writes.set(self.writes.get() + 1);
    }

    /// These bytes came.
    pub(super) fn heard(&self, bytes: &[u8]) {
        let now = Instant::now();
        self.flooded.set(self.frames.borrow_mut().read(bytes, now).is_err());
        self.heard.set(true);
        self.heard_at.set(now);
    }

    /// The connection itself, as long as it lives.
    pub(super) fn stream(&self) -> &RefCell<Option<Stream>> {
        &self.stream
    }

    /// Whether the settings with which the peer begins have come.
    pub(super) fn has_settings(&self) -> bool {
        self.frames.borrow().has_settings()
    }

    /// The last stream that the peer takes, once it has said goodbye; told once.
    pub(super) fn take_goodbye(&self) -> Option<u32> {
        let last = self.frames.borrow().last_stream()?;
        (!self.parted.replace(true)).then_some(last)
    }

    /// Told once the peer's settings have come and were looked at, or never will.
    pub(super) fn settled(&self) -> &Notify {
        &self.settled
    }

    /// Whether nothing has come that was not read, by the kernel's own word.
    pub(super) fn is_silent(&self) -> bool {
        self.stream.borrow().as_ref().is_some_and(Stream::is_silent)
    }

    /// The client has reset a stream that began when `heard_at` was this.
    pub(super) fn reset_by_client(&self, began: Instant) {
        if self.heard_at.get().saturating_duration_since(began) >= LIVED {
            self.frames.borrow_mut().forgive();
        }
    }

    /// Whether the peer floods the connection. Nothing more is read of it then.
    pub(super) fn is_flooded(&self) -> bool {
        self.flooded.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flow() -> Flow {
        Flow::new(None, Frames::of_server(Instant::now()), Budget::new(1 << 20), None)
    }

    #[test]
    fn what_no_reader_can_take_is_forgotten() {
        let flow = flow();
        flow.opened();
        let mut took = Took::default();
        let frame = [&[0, 1, 0, 0, 8, 0, 0, 0, 1, 254][..], &[0; 255]].concat(); // one byte, the rest is padding
        for _ in 0..100 {
            flow.heard(&frame);
            flow.take(&mut took, 1);
            assert!(flow.unread(1000) <= 1000);
        }
        flow.opened();
        assert_eq!(flow.unread(1000), 1000, "what was forgotten stays so");
        assert_eq!((flow.closed(), flow.closed()), (1, 0));
        assert_eq!(flow.unread(1000), 0);
    }

    #[test]
    fn each_reader_counts_by_itself_and_from_the_start_of_each_round_trip() {
        let flow = flow();
        let mut readers: [Took; 3] = Default::default();
        for round in 0..3 {
            for took in &mut readers {
                flow.take(took, 60);
                flow.take(took, 40);
            }
            assert_eq!(flow.most(), 100, "{round}");
            flow.begin_round();
            assert_eq!(flow.most(), 0);
        }
        assert_eq!(flow.taken.get(), 900);
    }
}
