//! A request that can be sent again: what passed of its body is kept, up to a bound.

use std::cell::RefCell;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hauberk_core::budget::{Budget, Share};
use http::{HeaderMap, Request};
use http_body::{Frame, SizeHint};

use crate::http::body::Body;
use crate::http::frames::Frames;
use crate::http::incoming::{Incoming, Piece};

/// Frames that are kept: a sender of tiny ones would make each byte cost many.
const FRAMES_MAX: usize = 1024;
/// Beyond so many frames, those smaller than this are copied: a piece holds the whole buffer that it was read into, and only
/// its own bytes are counted.
const WHOLE_MAX: usize = 8;
const SMALL: usize = 4 * 1024;

/// Keeps the frames of a body that were handed out, so that another try can begin from the start.
#[derive(Clone)]
pub(crate) enum Replay {
    /// There is no body: every try is free.
    Empty,
    /// A body that is kept as it passes.
    Kept(Rc<RefCell<State>>),
}

pub(crate) struct State {
    rest: Incoming,
    frames: Option<Rc<dyn Frames>>,
    kept: Vec<Bytes>,
    trailers: Option<HeaderMap>,
    size: usize,
    limit: usize,
    buffers: Budget,
    /// The room of what is kept.
    share: Option<Share>,
    /// More passed than is kept: no further try.
    spilled: bool,
    ended: bool,
}

/// One try's view of the body.
pub(crate) struct ReplayBody {
    state: Rc<RefCell<State>>,
    /// How many kept frames this try has sent.
    sent: usize,
    trailers_sent: bool,
}

/// The head of a request once more, with this body.
pub(crate) fn again<A, B>(asked: &Request<A>, body: B) -> Request<B> {
    let mut request = Request::new(body);
    (*request.method_mut(), *request.uri_mut()) = (asked.method().clone(), asked.uri().clone());
    *request.version_mut() = asked.version();
    *request.headers_mut() = asked.headers().clone();
    request.extensions_mut().clone_from(asked.extensions());
    request
}

impl Replay {
    /// Keeps at most `limit` bytes of `body`.
    /// They are taken from `buffers`, as long as there is room. `frames` is told what comes.
    pub(crate) fn of(
        body: Incoming,
        limit: usize,
        buffers: &Budget,
        frames: Option<&Rc<impl Frames + 'static>>,
    ) -> Self {
        if body.is_end_stream() {
            return Replay::Empty;
        }
        let state = State {
            rest: body,
            frames: frames.map(|frames| frames.clone() as Rc<dyn Frames>),
            kept: Vec::new(),
            trailers: None,
            size: 0,
            limit,
            buffers: buffers.clone(),
            share: None,
            spilled: false,
            ended: false,
        };
        Replay::Kept(Rc::new(RefCell::new(state)))
    }

    /// The body from its start, or `None` if too much of it has passed. Only the latest try may be read.
    pub(crate) fn body(&self) -> Option<Body> {
        match self {
            Replay::Empty => Some(Body::empty()),
            Replay::Kept(state) => {
                let spilled = state.borrow().spilled;
                (!spilled).then(|| Body::replay(ReplayBody { state: state.clone(), sent: 0, trailers_sent: false }))
            }
        }
    }
}

impl State {
    fn poll_rest(&mut self, cx: &mut Context<'_>) -> Poll<Piece> {
        let piece = ready!(self.rest.poll_frame(cx));
        if let (Some(frames), Some(Ok(frame))) = (&self.frames, &piece)
            && let Some(data) = frame.data_ref()
        {
            frames.request_frame(data.len());
        }
        Poll::Ready(piece)
    }

    fn keep(&mut self, data: &Bytes) {
        self.size += data.len();
        if self.spilled {
            return;
        }
        if self.size > self.limit || self.kept.len() >= FRAMES_MAX || !self.fits(data.len()) {
            self.forget();
        } else if self.kept.len() >= WHOLE_MAX && data.len() < SMALL {
            self.kept.push(Bytes::copy_from_slice(data));
        } else {
            self.kept.push(data.clone());
        }
    }

    fn fits(&mut self, more: usize) -> bool {
        match &mut self.share {
            Some(share) => share.try_grow(more),
            None => {
                self.share = self.buffers.try_take(more);
                self.share.is_some()
            }
        }
    }

    /// There will be no further try.
    fn forget(&mut self) {
        self.spilled = true;
        self.kept = Vec::new();
        self.share = None;
    }
}

impl ReplayBody {
    /// The next piece of this try.
    pub(crate) fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Piece> {
        let this = self;
        let mut state = this.state.borrow_mut();
        if let Some(data) = state.kept.get(this.sent) {
            this.sent += 1;
            return Poll::Ready(Some(Ok(Frame::data(data.clone()))));
        }
        if state.ended {
            if let (false, Some(trailers)) = (this.trailers_sent, &state.trailers) {
                this.trailers_sent = true;
                return Poll::Ready(Some(Ok(Frame::trailers(trailers.clone()))));
            }
            return Poll::Ready(None);
        }
        let frame = ready!(state.poll_rest(cx));
        match &frame {
            // Nobody is left who could ask for another try.
            Some(Ok(frame)) if Rc::strong_count(&this.state) == 1 => {
                state.forget();
                if frame.is_trailers() {
                    state.ended = true;
                    this.trailers_sent = true;
                }
            }
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    state.keep(data);
                    this.sent += usize::from(!state.spilled);
                } else if let Some(trailers) = frame.trailers_ref() {
                    state.trailers = Some(trailers.clone());
                    state.ended = true;
                    this.trailers_sent = true;
                }
            }
            Some(Err(_)) => state.spilled = true, // half a body must not be sent again
            None => state.ended = true,
        }
        Poll::Ready(frame)
    }

    /// Whether it is certain that nothing more comes.
    pub(crate) fn is_end_stream(&self) -> bool {
        let state = self.state.borrow();
        let over = state.ended || state.rest.is_end_stream();
        over && self.sent >= state.kept.len() && (self.trailers_sent || state.trailers.is_none())
    }

    /// How much is to come, as far as its sender said.
    pub(crate) fn size_hint(&self) -> SizeHint {
        let state = self.state.borrow();
        let ahead: u64 = state.kept.iter().skip(self.sent).map(|data| data.len() as u64).sum();
        let rest = if state.ended { SizeHint::with_exact(0) } else { state.rest.size_hint() };
        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower().saturating_add(ahead));
        if let Some(upper) = rest.upper() {
            hint.set_upper(upper.saturating_add(ahead));
        }
        hint
    }
}
