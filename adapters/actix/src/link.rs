//! What the stream of a connection and its requests tell each other; the engine knows of neither.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::{Context, Waker};

use actix_http::Payload;
use tokio::time::Instant;
use transom::adapter::{Connection, UpgradeCompletion};
use transom::features::RequestLifetime;

use crate::streams::Open;

/// One connection, shared by its [`Transport`](crate::transport::Transport) and the request on it; or one
/// stream of HTTP/2.
pub(crate) struct Link {
    connection: Rc<Connection>,
    stream: Option<Open>,
    /// The request that is being answered.
    current: RefCell<Option<RequestLifetime>>,
    /// How many requests were begun.
    requests: Cell<u64>,
    /// When the last response of HTTP/1 ended.
    idle_since: Cell<Option<Instant>>,
    /// The client closed its side.
    client_closed: Cell<bool>,
    /// The engine has bytes of a body that it keeps back until the application reads on.
    body_waits: Cell<bool>,
    /// The application reads the body of the request: the time for `100 Continue`.
    body_wanted: Cell<bool>,
    /// An upgrade is on offer: what the client sends is not for the engine.
    holding: Cell<bool>,
    accepted: RefCell<Option<Accepted>>,
    /// The engine's task for the connection, while something is kept from it.
    parked: Cell<Option<Waker>>,
    /// The last bytes that the engine was given.
    tail: Cell<[u8; 4]>,
}

/// An upgrade that the application accepted, until its 101 is sent.
pub(crate) struct Accepted {
    pub(crate) completion: UpgradeCompletion,
    /// What the client sent right behind its request, where the engine reads on after it.
    pub(crate) payload: Payload,
}

impl Link {
    pub(crate) fn new(connection: Connection) -> Rc<Self> {
        Self::of(Rc::new(connection), None)
    }

    pub(crate) fn of_stream(connection: Rc<Connection>, stream: Open) -> Rc<Self> {
        Self::of(connection, Some(stream))
    }

    fn of(connection: Rc<Connection>, stream: Option<Open>) -> Rc<Self> {
        Rc::new(Self {
            connection,
            stream,
            current: RefCell::new(None),
            requests: Cell::new(0),
            idle_since: Cell::new(None),
            client_closed: Cell::new(false),
            body_waits: Cell::new(false),
            body_wanted: Cell::new(false),
            holding: Cell::new(false),
            accepted: RefCell::new(None),
            parked: Cell::new(None),
            tail: Cell::new([0; 4]),
        })
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Returns whether this is a stream of HTTP/2.
    pub(crate) fn is_stream(&self) -> bool {
        self.stream.is_some()
    }

    /// Begins a request; it ends with the guard.
    pub(crate) fn begin(self: &Rc<Self>, lifetime: &RequestLifetime) -> InFlight {
        if self.client_closed.get() {
            lifetime.disconnect();
        }
        self.requests.set(self.requests.get() + 1);
        self.body_wanted.set(false);
        self.current.replace(Some(lifetime.clone()));
        InFlight(Rc::clone(self))
    }

    /// Notes that a request was answered without the application.
    pub(crate) fn refuse(&self) {
        self.requests.set(self.requests.get() + 1);
        self.idle_since.set(Some(Instant::now()));
    }

    /// Returns how many requests were begun.
    pub(crate) fn requests(&self) -> u64 {
        self.requests.get()
    }

    /// Returns since when a request was answered and no other is in flight.
    pub(crate) fn idle_since(&self) -> Option<Instant> {
        let is_idle = self.current.borrow().is_none();
        self.idle_since.get().filter(|_| is_idle)
    }

    /// Notes that the client closed its side. It may still be read the answer.
    pub(crate) fn close_by_client(&self) {
        self.client_closed.set(true);
        if let Some(lifetime) = &*self.current.borrow() {
            lifetime.disconnect();
        }
    }

    pub(crate) fn is_closed_by_client(&self) -> bool {
        self.client_closed.get()
    }

    /// Says whether the engine may have bytes of a body that it cannot pass on. It must not learn of the
    /// end of the stream then: it would take the rest of a whole body for lost.
    pub(crate) fn set_body_waits(&self, waits: bool) {
        if self.body_waits.replace(waits) && !waits && self.client_closed.get() {
            self.unpark();
        }
    }

    pub(crate) fn body_waits(&self) -> bool {
        self.body_waits.get()
    }

    pub(crate) fn want_body(&self) {
        self.body_wanted.set(true);
    }

    pub(crate) fn is_body_wanted(&self) -> bool {
        self.body_wanted.get()
    }

    /// Keeps what the client sends from the engine, or no longer.
    pub(crate) fn hold(&self, holding: bool) {
        if self.holding.replace(holding) && !holding {
            self.unpark();
        }
    }

    pub(crate) fn is_holding(&self) -> bool {
        self.holding.get()
    }

    /// The engine is about to send the 101 of an accepted upgrade.
    pub(crate) fn accept(&self, accepted: Accepted) {
        self.accepted.replace(Some(accepted));
    }

    pub(crate) fn is_accepted(&self) -> bool {
        self.accepted.borrow().is_some()
    }

    pub(crate) fn take_accepted(&self) -> Option<Accepted> {
        self.accepted.take()
    }

    /// Remembers whom to wake when what is kept back may go on.
    pub(crate) fn park(&self, cx: &Context<'_>) {
        self.parked.set(Some(cx.waker().clone()));
    }

    pub(crate) fn unpark(&self) {
        if let Some(waker) = self.parked.take() {
            waker.wake();
        }
    }

    /// Notes what the engine was given.
    pub(crate) fn passed(&self, bytes: &[u8]) {
        if let Some(last) = bytes.last_chunk() {
            return self.tail.set(*last);
        }
        let mut tail = self.tail.get();
        for byte in bytes {
            tail.rotate_left(1);
            tail[3] = *byte;
        }
        self.tail.set(tail);
    }

    /// Returns whether the engine has read up to the end of a head and, as far as can be seen, not on.
    pub(crate) fn is_at_end_of_head(&self) -> bool {
        self.tail.get() == *b"\r\n\r\n"
    }
}

/// A request from its head to the end of its response.
pub(crate) struct InFlight(Rc<Link>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.current.replace(None);
        if !self.0.is_stream() {
            self.0.idle_since.set(Some(Instant::now()));
        }
        self.0.set_body_waits(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use transom::adapter::Dispatcher;
    use transom::features::{ConnectionInfo, Scheme, Transport};
    use transom::{Features, Request, Response, Shutdown};

    fn link() -> Rc<Link> {
        let app = async |_: Request| Response::default();
        let dispatcher = Dispatcher::new(app, Features::new(), &Shutdown::never());
        Link::new(dispatcher.connection(ConnectionInfo::new(Transport::Tcp), Scheme::Http))
    }

    #[test]
    fn the_end_of_a_head_is_seen_across_reads_of_any_size() {
        let link = link();
        for piece in [&b"GET / HTTP/1.1\r"[..], b"\n", b"", b"\r", b"\n"] {
            assert!(!link.is_at_end_of_head());
            link.passed(piece);
        }
        assert!(link.is_at_end_of_head());
        link.passed(b"more");
        assert!(!link.is_at_end_of_head());
    }

    #[test]
    fn a_client_that_closes_its_side_is_gone_for_this_request_and_the_next() {
        let link = link();
        let (one, two) = (RequestLifetime::new(), RequestLifetime::new());
        let first = link.begin(&one);
        link.close_by_client();
        assert!(one.is_disconnected());
        drop(first);
        let _second = link.begin(&two);
        assert!(two.is_disconnected());
    }
}
