//! Interim answers (1xx), which may come before the answer itself (RFC 9110, 15.2).

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use http::header::CONTENT_LENGTH;
use http::{Response, StatusCode};

use crate::http::headers;

/// Interim answers that wait for their client; a server that sends more of them sends them in vain.
const WAITING_MAX: usize = 8;

/// Carries interim answers from the connection of the server to that of the client.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interims(Rc<RefCell<VecDeque<Response<()>>>>);

impl Interims {
    /// An interim answer came. A change of protocol is none: it is the last answer of its connection.
    pub(crate) fn push(&self, mut response: Response<()>) {
        let mut waiting = self.0.borrow_mut();
        if response.status() != StatusCode::SWITCHING_PROTOCOLS && waiting.len() < WAITING_MAX {
            headers::strip_hop_by_hop(response.headers_mut());
            headers::strip_l5d(response.headers_mut());
            // None has a body (RFC 9110, 8.6), and the length of the answer that follows is another.
            response.headers_mut().remove(CONTENT_LENGTH);
            waiting.push_back(response);
        }
    }

    /// The next one for the client.
    pub(crate) fn pop(&self) -> Option<Response<()>> {
        self.0.borrow_mut().pop_front()
    }
}
