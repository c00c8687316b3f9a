//! How many requests a server takes on one connection, as its goodbyes tell (RFC 9113, 6.8).
//!
//! Some servers end each connection after a fixed number of requests. Who sends more has those back that were left out; who
//! knows the number sends just as many, and the rest over the next connection.

use std::time::{Duration, Instant};

/// How long what was learned counts: then the server is tried with more.
const LEARNED_FOR: Duration = Duration::from_secs(60);

/// What is known of a server.
#[derive(Debug, Default)]
pub struct Lifetime {
    /// Requests of the connection that was left last before its time.
    last: Option<u32>,
    /// The same number twice is the server's habit, and no accident of one connection.
    habit: Option<(u32, Instant)>,
}

impl Lifetime {
    /// A goodbye left requests out; the last that the server took up was on this stream. Say it once for each connection.
    pub fn left_out_after(&mut self, last_stream: u32, now: Instant) {
        let taken = last_stream.div_ceil(2); // a client's streams are odd
        if taken > 0 && self.last == Some(taken) {
            self.habit = Some((taken, now));
        }
        self.last = Some(taken);
    }

    /// How many requests one connection had better carry, if there is a bound that is known.
    pub fn requests(&self, now: impl FnOnce() -> Instant) -> Option<u32> {
        self.habit
            .filter(|(_, since)| now().saturating_duration_since(*since) < LEARNED_FOR)
            .map(|(requests, _)| requests)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_comes_twice_is_a_habit() {
        let (mut server, now) = (Lifetime::default(), Instant::now());
        server.left_out_after(39, now);
        assert_eq!(server.requests(|| now), None, "one connection may end for any reason");
        server.left_out_after(39, now);
        assert_eq!(server.requests(|| now), Some(20));
        server.left_out_after(5, now);
        assert_eq!(server.requests(|| now), Some(20), "one that ends earlier does not change it");
        server.left_out_after(5, now);
        assert_eq!(server.requests(|| now), Some(3));
    }

    #[test]
    fn a_server_that_ends_at_once_has_no_habit() {
        let (mut server, now) = (Lifetime::default(), Instant::now());
        for _ in 0..3 {
            server.left_out_after(0, now);
        }
        assert_eq!(server.requests(|| now), None);
    }

    #[test]
    fn a_habit_is_tried_again_after_a_while() {
        let (mut server, now) = (Lifetime::default(), Instant::now());
        server.left_out_after(39, now);
        server.left_out_after(39, now);
        assert_eq!(server.requests(|| now + LEARNED_FOR / 2), Some(20));
        assert_eq!(server.requests(|| now + LEARNED_FOR), None);
        server.left_out_after(39, now + LEARNED_FOR);
        assert_eq!(server.requests(|| now + LEARNED_FOR), Some(20), "once is enough to know it again");
    }
}
