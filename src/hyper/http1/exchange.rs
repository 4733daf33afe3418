//! What a connection of HTTP/1 and its requests tell each other.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::{HeaderMap, HeaderValue, header};
use http_body::Body as _;
use hyper::body::Incoming;

use super::drain::MAX_DRAIN;

/// What a connection and its requests tell each other: whether one is in flight, and what it left unread.
#[derive(Clone, Default)]
pub(in crate::hyper) struct Exchange(Arc<Shared>);

#[derive(Default)]
struct Shared {
    /// There was a request.
    begun: AtomicBool,
    in_flight: AtomicBool,
    /// The body of the response ends where the connection does.
    ends_by_close: AtomicBool,
    /// Whether `left` has a body to read.
    unread: AtomicBool,
    left: Mutex<Left>,
}

#[derive(Default)]
struct Left {
    unread: Option<(Incoming, bool)>,
    /// The head of the response is made; it cannot announce the end of the connection any more.
    answered: bool,
    /// A body will not be read to its end.
    given_up: bool,
}

impl Exchange {
    /// Begins a request.
    pub(in crate::hyper) fn begin(&self, has_body: bool) -> Flight {
        self.0.begun.store(true, Ordering::Relaxed);
        self.0.in_flight.store(true, Ordering::Release);
        if has_body {
            self.left().answered = false;
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

    pub(super) fn has_begun(&self) -> bool {
        self.0.begun.load(Ordering::Relaxed)
    }

    pub(super) fn is_in_flight(&self) -> bool {
        self.0.in_flight.load(Ordering::Acquire)
    }

    pub(super) fn take_unread(&self) -> Option<Incoming> {
        if !self.0.unread.load(Ordering::Acquire) {
            return None;
        }
        self.0.unread.store(false, Ordering::Release);
        self.left().unread.take().map(|(incoming, _)| incoming)
    }

    /// Says that a body will not be read to its end, so that the client may still be sending it when the
    /// connection closes.
    pub(in crate::hyper) fn give_up(&self) {
        self.left().given_up = true;
    }

    pub(super) fn ends_by_close(&self) -> bool {
        self.0.ends_by_close.load(Ordering::Acquire)
    }

    /// Returns whether the client may still be sending a body.
    pub(super) fn was_left(&self) -> bool {
        self.left().given_up
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

    /// Decides, when the response is there, what becomes of a body that was not read.
    pub(in crate::hyper) fn settle(&self, headers: &mut HeaderMap) {
        let mut left = self.0.left();
        left.answered = true;
        match left.unread.take() {
            None => {}
            // RFC 9110, section 10.1.1: it may come or not. And too much is not worth reading.
            Some((incoming, awaited)) if awaited || incoming.size_hint().lower() > MAX_DRAIN => {
                left.given_up = true;
                headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            unread => {
                left.unread = unread;
                self.0.0.unread.store(true, Ordering::Release);
            }
        }
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.0.0.in_flight.store(false, Ordering::Release);
    }
}
