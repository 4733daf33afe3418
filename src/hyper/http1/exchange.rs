//! What a connection of HTTP/1 and its requests tell each other.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};

use http_body::Body as _;
use hyper::body::Incoming;

use super::drain::Drain;
use crate::hyper::options::Limits;

/// What a connection and its requests tell each other: whether one is in flight, and what it left unread.
#[derive(Clone)]
pub(in crate::hyper) struct Exchange(Arc<Shared>);

struct Shared {
    max_requests: u64,
    max_unread: u64,
    requests: AtomicU64,
    in_flight: AtomicBool,
    /// The body of the response ends where the connection does.
    ends_by_close: AtomicBool,
    /// Whether `left` has a body to read.
    unread: AtomicBool,
    /// Whether the request has a body.
    has_body: AtomicBool,
    left: Mutex<Left>,
}

#[derive(Default)]
struct Left {
    unread: Option<(Incoming, bool)>,
    /// The head of the response is made; it cannot announce the end of the connection any more.
    answered: bool,
    /// A body will not be read to its end.
    given_up: bool,
    late: Late,
    /// The connection, which has to hear of a body that came too slowly.
    connection: Option<Waker>,
}

/// Whether the body of a request came too slowly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::hyper) enum Late {
    #[default]
    No,
    /// While the response could still say so.
    Answerable,
    /// When its head was gone: only the end of the connection can.
    Unanswerable,
}

impl Exchange {
    pub(super) fn new(limits: &Limits) -> Self {
        Self(Arc::new(Shared {
            max_requests: limits.max_requests_per_connection().unwrap_or(u64::MAX),
            max_unread: limits.max_unread_body(),
            requests: AtomicU64::new(0),
            in_flight: AtomicBool::new(false),
            ends_by_close: AtomicBool::new(false),
            unread: AtomicBool::new(false),
            has_body: AtomicBool::new(false),
            left: Mutex::default(),
        }))
    }

    /// Begins a request.
    pub(in crate::hyper) fn begin(&self, has_body: bool) -> Flight {
        // Requests follow one another: nobody else counts.
        let requests = self.0.requests.load(Ordering::Relaxed);
        self.0.requests.store(requests + 1, Ordering::Relaxed);
        self.0.in_flight.store(true, Ordering::Release);
        self.0.has_body.store(has_body, Ordering::Relaxed);
        if has_body {
            // A request that could begin has all of the body before it behind it, whoever read that.
            let mut left = self.left();
            (left.answered, left.given_up) = (false, false);
        }
        Flight(self.clone())
    }

    /// Takes what the application did not read. `awaited`: the client has not begun to send it.
    pub(in crate::hyper) fn leave(&self, incoming: Incoming, awaited: bool) {
        let mut left = self.left();
        if left.answered {
            left.given_up = true;
        } else {
            left.unread = Some((incoming, awaited));
        }
    }

    /// Says that the body comes too slowly, and is not read any more.
    pub(in crate::hyper) fn give_up_late(&self) {
        let mut left = self.left();
        left.given_up = true;
        left.late = match left.answered {
            true => Late::Unanswerable,
            false => Late::Answerable,
        };
        let connection = left.connection.take();
        drop(left);
        if let Some(connection) = connection {
            connection.wake();
        }
    }

    /// Says that a body will not be read to its end, so that the client may still be sending it when the
    /// connection closes.
    pub(in crate::hyper) fn give_up(&self) {
        self.left().given_up = true;
    }

    /// Returns how many requests there were.
    #[inline]
    pub(super) fn requests(&self) -> u64 {
        self.0.requests.load(Ordering::Relaxed)
    }

    #[inline]
    pub(super) fn is_in_flight(&self) -> bool {
        self.0.in_flight.load(Ordering::Acquire)
    }

    /// Returns whether the body of the request in flight, if it has one, came too slowly; else the connection
    /// is woken when it does.
    #[inline]
    pub(super) fn late(&self, cx: &mut Context<'_>) -> Late {
        match self.0.has_body.load(Ordering::Relaxed) {
            false => Late::No,
            true => self.listen(cx),
        }
    }

    fn listen(&self, cx: &mut Context<'_>) -> Late {
        let mut left = self.left();
        match &mut left.connection {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
        left.late
    }

    pub(super) fn take_unread(&self) -> Option<Drain> {
        if !self.0.unread.load(Ordering::Acquire) {
            return None;
        }
        self.0.unread.store(false, Ordering::Release);
        let (incoming, _) = self.left().unread.take()?;
        Some(Drain::new(incoming, self.0.max_unread))
    }

    pub(super) fn ends_by_close(&self) -> bool {
        self.0.ends_by_close.load(Ordering::Acquire)
    }

    /// Returns whether the client may still be sending a body.
    pub(super) fn was_left(&self) -> bool {
        self.left().given_up
    }

    /// Returns whether a body came too slowly.
    pub(super) fn late_body(&self) -> Late {
        self.left().late
    }

    fn left(&self) -> MutexGuard<'_, Left> {
        self.0.left.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request in flight; it has landed when this is dropped.
pub(in crate::hyper) struct Flight(Exchange);

impl Flight {
    /// Says that the length of the response is not known, and that it cannot be chunked.
    pub(in crate::hyper) fn end_by_close(&self) {
        self.0.0.ends_by_close.store(true, Ordering::Release);
    }

    /// Decides, when the response is there, what becomes of the connection and of a body that was not read.
    /// Returns whether the connection can carry another request.
    #[inline]
    pub(in crate::hyper) fn settle(&self) -> bool {
        let shared = &self.0.0;
        let last = self.0.requests() >= shared.max_requests;
        let ends = shared.has_body.load(Ordering::Relaxed) && self.settle_body();
        !last && !ends
    }

    fn settle_body(&self) -> bool {
        let mut left = self.0.left();
        left.answered = true;
        match left.unread.take() {
            None => {}
            // RFC 9110, section 10.1.1: it may come or not. And too much is not worth reading.
            Some((incoming, awaited))
                if awaited || incoming.size_hint().lower() > self.0.0.max_unread =>
            {
                left.given_up = true;
            }
            unread => {
                left.unread = unread;
                self.0.0.unread.store(true, Ordering::Release);
            }
        }
        left.given_up
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.0.0.in_flight.store(false, Ordering::Release);
    }
}
