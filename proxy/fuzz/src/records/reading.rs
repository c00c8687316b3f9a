//! What is read in a game, and how it may end.

use std::io::ErrorKind;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, ReadBuf};

use super::game::{Closed, Game, Over};
use super::moves::Move;
use super::rules::State;
use super::text;

impl Game {
    /// Reads once. Returns whether there was data.
    pub(super) fn read(&mut self, room: usize) -> bool {
        self.arrive(usize::MAX);
        let mut bytes = vec![0; room];
        let mut buf = ReadBuf::new(&mut bytes);
        let read = Pin::new(&mut self.stream).poll_read(&mut Context::from_waker(Waker::noop()), &mut buf);
        let data = buf.filled();
        if room == 0 {
            assert!(matches!(read, Poll::Ready(Ok(()))));
            return false;
        }
        if !data.is_empty() {
            assert!(matches!(read, Poll::Ready(Ok(()))) && self.over.is_none(), "data with {read:?}");
            let expected = self.peer.rules.data.get(self.read..self.read + data.len());
            assert!(expected.is_some_and(|expected| expected == data), "data that was not sent, at {}", self.read);
            self.read += data.len();
            return true;
        }
        let sure = self.peer.rules.sure.unwrap_or(self.peer.rules.data.len());
        assert!(self.read >= sure, "data is missing: {} of {sure} bytes, then {read:?}", self.read);
        let now = match read {
            Poll::Pending => None,
            Poll::Ready(Ok(())) => Some(Over::Orderly),
            Poll::Ready(Err(error)) => Some(Over::Badly(error.kind())),
        };
        assert!(self.over.is_none() || now == self.over, "{now:?} after {:?}", self.over);
        self.over = now;
        self.judge();
        false
    }

    /// Whether reading may have ended as it did.
    fn judge(&self) {
        let rules = &self.peer.rules;
        let may_be = match self.over {
            None => !self.is_cut && (rules.state == State::Open || (self.peer.is_raw && rules.state != State::Ended)),
            Some(Over::Orderly) => rules.state == State::Ended,
            Some(Over::Badly(ErrorKind::InvalidData)) => self.may_fail(),
            Some(Over::Badly(ErrorKind::UnexpectedEof)) => {
                self.is_cut && (rules.state == State::Open || (self.peer.is_raw && rules.state != State::Ended))
            }
            Some(_) => false,
        };
        assert!(may_be, "{:?} of a connection that is {:?}", self.over, rules.state);
    }

    /// Whether the reader was told that a rule was broken.
    pub(super) fn is_failed(&self) -> bool {
        self.over == Some(Over::Badly(ErrorKind::InvalidData))
    }

    /// Whether the reader will be told, or may be.
    pub(super) fn may_fail(&self) -> bool {
        matches!(self.peer.rules.state, State::Broken { .. }) || self.peer.rules.sure.is_some()
    }

    /// All that is under way arrives, in both directions, and must make sense.
    pub fn end(mut self) {
        self.pipe.0.borrow_mut().room = usize::MAX;
        while self.read(5000) {}
        assert!(!self.read(5000), "data after {:?}", self.over);
        assert!(self.flush());
        self.play(&Move::Flush);
        let (rules, heard) = (&self.peer.rules, &self.heard);
        assert!(heard.data.iter().copied().eq(text(0, self.written)), "what was written is not what is heard");
        assert!(!heard.is_partial());
        assert!(self.closed == Closed::Perhaps || heard.is_closed() == (self.closed == Closed::Yes));
        assert!(heard.answers <= rules.asked + u32::from(heard.tickets), "new keys that nobody wanted");
        if self.closed == Closed::No {
            let told = heard.alert.is_some_and(|[level, _]| level == 2);
            match rules.state {
                _ if rules.sure.is_some() => assert!(told || heard.alert.is_none()),
                State::Broken { told: true } => assert_eq!(told, self.is_failed()),
                _ => assert_eq!(heard.alert, None),
            }
        }
        if self.over.is_none() && !self.peer.is_raw && !rules.is_partial() {
            assert_eq!(self.stream.held(), 0, "a stream that rests holds memory");
        }
    }
}
