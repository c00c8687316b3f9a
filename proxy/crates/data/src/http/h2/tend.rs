//! What a connection needs besides its streams: windows of the right size, and to know whether its peer is still there.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use h2::{Ping, PingPong};
use hauberk_core::http2::window::Windows;
use tokio::time::{Instant, Sleep, sleep};

use crate::http::h2::flow::Flow;

/// A probe of the round trip that shows nothing new is repeated after this time.
const PROBE_PAUSE: Duration = Duration::from_millis(50);

/// Timeouts that a peer which sends other things may take to answer a ping.
const WAITS_MAX: u32 = 20;

/// A connection whose windows can be set.
pub(super) trait Windowed {
    /// Bytes that all streams may send ahead.
    fn set_connection_window(&mut self, size: u32);
    /// Bytes that each stream may send ahead. An error: not now, the last change is not acknowledged yet.
    fn set_stream_window(&mut self, size: u32) -> Result<(), h2::Error>;
}

/// Pings and windows of one connection.
pub(super) struct Tending {
    flow: Rc<Flow>,
    windows: Windows,
    pings: Option<PingPong>,
    ping: State,
    keep_alive: Option<KeepAlive>,
    /// When the next probe may be sent.
    probe_at: Instant,
    /// What had been received at the last probe.
    probed: u64,
    /// Bytes that each stream may send ahead as far as the peer was told.
    granted: u32,
    /// The most that this was since all was at rest: a stream that stalls keeps what it got.
    widest: u32,
    /// What is granted as far as it shows in what comes now: what the peer is told takes a round trip to show.
    ahead: u32,
}

enum State {
    Idle,
    /// A ping is on its way, to find the round trip.
    Probing,
    /// A ping is on its way, to find out whether the peer is there.
    Asking,
}

/// How a peer that is gone is noticed.
#[derive(Clone, Copy)]
pub(super) struct Pinging {
    /// Time between pings; `None` sends none.
    pub(super) interval: Option<Duration>,
    /// How long one may stay unanswered.
    pub(super) timeout: Duration,
    /// Also while no stream is open.
    pub(super) while_idle: bool,
}

struct KeepAlive {
    interval: Duration,
    timeout: Duration,
    while_idle: bool,
    timer: Pin<Box<Sleep>>,
    /// How often the timeout passed while the peer sent other things.
    waits: u32,
}

impl Tending {
    /// Tends a connection that begins.
    pub(super) fn new(flow: Rc<Flow>, windows: Windows, pings: Option<PingPong>, pinging: Pinging) -> Self {
        let Pinging { interval, timeout, while_idle } = pinging;
        let keep_alive = interval.map(|interval| {
            let timer = Box::pin(sleep(interval));
            KeepAlive { interval, timeout, while_idle, timer, waits: 0 }
        });
        let granted = windows.stream();
        Self {
            flow,
            windows,
            pings,
            ping: State::Idle,
            keep_alive,
            probe_at: Instant::now(),
            probed: 0,
            granted,
            widest: granted,
            ahead: granted,
        }
    }

    /// Ready once the peer is taken for gone. To be called whenever something has happened on the connection.
    pub(super) fn poll(&mut self, connection: &mut impl Windowed, cx: &mut Context<'_>) -> Poll<()> {
        self.observe(connection);
        if self.windows.resume(self.flow.most()) {
            connection.set_connection_window(self.windows.connection());
        }
        if self.tell(connection) {
            cx.waker().wake_by_ref(); // so that it is sent
        }
        self.probe(connection, cx);
        if self.windows.is_grown() {
            self.flow.wake_at_rest(cx.waker());
        }
        self.keep_alive(connection, cx)
    }

    /// More streams than before are to be opened on this side's own connection: what each may get is told ahead of them.
    pub(super) fn admit(&mut self, connection: &mut impl Windowed) {
        if self.flow.open() > self.windows.open() {
            self.observe(connection);
            self.tell(connection);
        }
    }

    fn observe(&mut self, connection: &mut impl Windowed) {
        let open = self.flow.open();
        // Without a reader, what came is for one that is to begin.
        let unread = if open > 0 { self.flow.unread(self.widest) } else { 0 };
        if self.windows.observe(open, unread) {
            connection.set_connection_window(self.windows.connection());
        }
    }

    /// Tells the peer what each stream may send ahead, if that is news. One that has not acknowledged the last news yet hears it
    /// later, which is better than not at all. Returns whether it is told.
    fn tell(&mut self, connection: &mut impl Windowed) -> bool {
        let wanted = self.windows.stream();
        let told = wanted != self.granted && connection.set_stream_window(wanted).is_ok();
        if told {
            (self.granted, self.widest) = (wanted, self.widest.max(wanted));
        }
        told
    }

    /// Nothing is under way on the connection. Returns whether there is something to tell the peer.
    pub(super) fn rest(&mut self, connection: &mut impl Windowed) -> bool {
        self.flow.settle();
        let changed = self.windows.rest(self.flow.most(), self.keep_alive.is_some());
        self.flow.begin_round();
        if changed {
            connection.set_connection_window(self.windows.connection());
            self.tell(connection);
            self.ahead = self.windows.stream();
        }
        self.widest = self.granted;
        changed
    }

    /// Finds out how much readers take within a round trip, while much comes.
    fn probe(&mut self, connection: &mut impl Windowed, cx: &mut Context<'_>) {
        let Some(pings) = &mut self.pings else { return };
        let received = self.flow.received();
        let mut grown = false;
        if matches!(self.ping, State::Probing) {
            if !matches!(pings.poll_pong(cx), Poll::Ready(Ok(_))) {
                return;
            }
            self.ping = State::Idle;
            self.probed = received;
            let ahead = std::mem::replace(&mut self.ahead, self.granted);
            // One that is not told yet has to show first what it brings.
            grown = self.granted == self.windows.stream() && self.windows.round_trip(self.flow.most(), ahead);
            if grown {
                connection.set_connection_window(self.windows.connection());
                if self.tell(connection) {
                    cx.waker().wake_by_ref();
                }
            }
            self.probe_at = Instant::now() + PROBE_PAUSE;
        }
        // After a success there may be more to win: the next probe follows at once.
        let due = || {
            grown || received - self.probed >= u64::from(self.windows.stream()) / 4 && Instant::now() >= self.probe_at
        };
        if matches!(self.ping, State::Idle) && self.windows.can_grow() && due() {
            self.probed = received;
            let Some(pings) = &mut self.pings else { return };
            if pings.send_ping(Ping::opaque()).is_ok() {
                self.flow.begin_round();
                self.ping = State::Probing;
                // Who waits for the answer must be known.
                let _ = pings.poll_pong(cx);
            }
        }
    }

    fn keep_alive(&mut self, connection: &mut impl Windowed, cx: &mut Context<'_>) -> Poll<()> {
        let (Some(pings), Some(alive)) = (&mut self.pings, &mut self.keep_alive) else { return Poll::Pending };
        loop {
            if matches!(self.ping, State::Asking)
                && let Poll::Ready(pong) = pings.poll_pong(cx)
            {
                // A connection that failed tells everybody itself.
                if pong.is_err() {
                    return Poll::Pending;
                }
                self.ping = State::Idle;
                alive.waits = 0;
                alive.timer.as_mut().reset(Instant::now() + alive.interval);
            }
            if alive.timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            if self.flow.open() == 0 && self.windows.sleep() {
                connection.set_connection_window(self.windows.connection());
                cx.waker().wake_by_ref(); // so that it is told
            }
            match self.ping {
                // The question, or its answer, may wait behind much that is taken slowly.
                State::Asking if self.flow.has_heard() && alive.waits < WAITS_MAX => alive.waits += 1,
                State::Asking => return Poll::Ready(()),
                State::Idle if self.flow.open() == 0 && !alive.while_idle => {
                    alive.timer.as_mut().reset(Instant::now() + alive.interval);
                    continue;
                }
                State::Idle if pings.send_ping(Ping::opaque()).is_err() => return Poll::Pending,
                // A probe that is on its way asks the same.
                State::Idle | State::Probing => {}
            }
            self.flow.forget_heard();
            self.ping = State::Asking;
            alive.timer.as_mut().reset(Instant::now() + alive.timeout);
        }
    }
}
