//! What a connection needs besides its streams: windows of the right size, and to know whether its peer is still there.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use h2::{Ping, PingPong};
use hauberk_core::http2::window::Windows;
use tokio::time::{Instant, Sleep, sleep};

use crate::http::h2::watched::Flow;

/// A probe of the round trip that shows nothing new is repeated after this time, then after twice as long each time.
const PROBE_MIN: Duration = Duration::from_millis(50);
const PROBE_MAX: Duration = Duration::from_secs(10);

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
    /// When the next probe may be sent, and the pause after that.
    probe_at: Instant,
    probe_pause: Duration,
    /// What had been received at the last probe.
    probed: u64,
    /// Bytes that each stream may send ahead as far as the peer was told.
    granted: u32,
}

enum State {
    Idle,
    /// A ping is on its way, to find the round trip; so much had come when it was sent.
    Probing(u64),
    /// A ping is on its way, to find out whether the peer is there.
    Asking,
}

struct KeepAlive {
    interval: Duration,
    timeout: Duration,
    timer: Pin<Box<Sleep>>,
    /// How often the timeout passed while the peer sent other things.
    waits: u32,
}

impl Tending {
    /// Pings at an `interval`, if one is given, and gives up on a peer that does not answer within `timeout`.
    pub(super) fn new(
        flow: Rc<Flow>,
        windows: Windows,
        pings: Option<PingPong>,
        interval: Option<Duration>,
        timeout: Duration,
    ) -> Self {
        let keep_alive =
            interval.map(|interval| KeepAlive { interval, timeout, timer: Box::pin(sleep(interval)), waits: 0 });
        let (probe_at, probe_pause) = (Instant::now(), PROBE_MIN);
        let granted = windows.stream();
        Self { flow, windows, pings, ping: State::Idle, keep_alive, probe_at, probe_pause, probed: 0, granted }
    }

    /// Ready once the peer is taken for gone. To be called whenever something has happened on the connection.
    pub(super) fn poll(&mut self, connection: &mut impl Windowed, cx: &mut Context<'_>) -> Poll<()> {
        if self.flow.open() > 0 && self.windows.unread(self.flow.unread(self.granted)) {
            connection.set_connection_window(self.windows.connection());
        }
        // Told late, since the peer has not acknowledged the last change, is better than not.
        let wanted = self.windows.open(self.flow.open()) || self.granted != self.windows.stream();
        if wanted {
            self.tell(connection);
        }
        self.probe(connection, cx);
        self.keep_alive(connection, cx)
    }

    /// Tells the peer what each stream may send ahead. One that has not acknowledged the last change keeps what it has.
    fn tell(&mut self, connection: &mut impl Windowed) {
        if connection.set_stream_window(self.windows.stream()).is_ok() {
            self.granted = self.windows.stream();
        }
    }

    /// Nothing is under way on the connection. Returns whether there is something to tell the peer.
    pub(super) fn rest(&mut self, connection: &mut impl Windowed) -> bool {
        self.flow.settle();
        let changed = self.windows.rest();
        if changed {
            connection.set_connection_window(self.windows.connection());
            self.tell(connection);
        }
        changed
    }

    /// Finds out how much comes within a round trip, while much comes.
    fn probe(&mut self, connection: &mut impl Windowed, cx: &mut Context<'_>) {
        let received = self.flow.received();
        if let State::Probing(before) = self.ping {
            let Some(pings) = &mut self.pings else { return };
            if !matches!(pings.poll_pong(cx), Poll::Ready(Ok(_))) {
                return;
            }
            self.ping = State::Idle;
            self.probed = received;
            // Readers that stall are not held up by the distance: more room would only fill as well.
            let taken = self.flow.unread(self.granted) < u64::from(self.windows.stream()) / 2;
            if taken && self.windows.round_trip(received - before, self.flow.open()) {
                connection.set_connection_window(self.windows.connection());
                self.tell(connection);
                // There may be more to win: the next probe follows at once.
                (self.probe_at, self.probe_pause) = (Instant::now(), PROBE_MIN);
            } else {
                self.probe_at = Instant::now() + self.probe_pause;
                self.probe_pause = (self.probe_pause * 2).min(PROBE_MAX);
            }
        }
        let much = received - self.probed >= u64::from(self.windows.stream()) / 4;
        if matches!(self.ping, State::Idle) && much && Instant::now() >= self.probe_at {
            self.probed = received;
            let Some(pings) = &mut self.pings else { return };
            if pings.send_ping(Ping::opaque()).is_ok() {
                self.ping = State::Probing(received);
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
            }
            match self.ping {
                // The question, or its answer, may wait behind much that is taken slowly.
                State::Asking if self.flow.has_heard() && alive.waits < WAITS_MAX => alive.waits += 1,
                State::Asking => return Poll::Ready(()),
                State::Idle if pings.send_ping(Ping::opaque()).is_err() => return Poll::Pending,
                // A probe that is on its way asks the same.
                State::Idle | State::Probing(_) => {}
            }
            self.flow.forget_heard();
            self.ping = State::Asking;
            alive.timer.as_mut().reset(Instant::now() + alive.timeout);
        }
    }
}
