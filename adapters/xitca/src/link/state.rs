//! What there is to know of a connection.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::Waker;

use bytes::BytesMut;
use transom::adapter::{Connection, UpgradeCompletion};
use transom::features::RequestLifetime;
use transom_adapter_tokio::Stream;

use crate::flight::{Flight, InFlight};
use crate::frames::Frames;
use crate::worker::Hub;

tokio::task_local! {
    /// The connection that the engine works on.
    pub(crate) static LINK: Rc<Link>;
}

/// One connection, shared by what the engine reads and writes, and by the requests on it.
pub(crate) struct Link {
    pub(super) hub: Hub,
    pub(super) connection: Connection,
    /// `None` once it is the application's.
    pub(super) socket: RefCell<Option<Stream>>,
    /// Set when the connection speaks HTTP/2.
    pub(super) frames: RefCell<Option<Frames>>,
    /// What was read and the engine has not asked for.
    pub(super) held: RefCell<BytesMut>,
    pub(super) flights: RefCell<Vec<Rc<Flight>>>,
    pub(super) early_resets: RefCell<Vec<u32>>,
    /// The client closed its side.
    pub(super) client_closed: Cell<bool>,
    /// The server was asked to stop.
    pub(super) stopping: Cell<bool>,
    /// The engine was given the time to begin what it had read when the server was asked to stop.
    pub(super) settled: Cell<bool>,
    /// An upgrade is on offer: what the client sends is not for the engine.
    pub(super) holding: Cell<bool>,
    /// The client may still be sending what nobody will read.
    pub(super) lingers: Cell<bool>,
    /// How far the last response of the connection has come.
    pub(super) last: Cell<Last>,
    pub(super) accepted: RefCell<Option<Accepted>>,
    /// What the engine was given of responses, and has not written.
    pub(super) unsent: Cell<usize>,
    /// Whom to wake when the engine may go on.
    pub(super) reader: Cell<Option<Waker>>,
    pub(super) blocked: RefCell<Vec<Waker>>,
}

/// The end of the last response of a connection. The engine goes on with what the client sent behind it, be it a
/// request or not, and what it says to that is for nobody.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Last {
    /// There will be more.
    No,
    /// The next empty line ends it.
    Ends,
    /// All was written.
    Over,
}

/// An upgrade that the application accepted, until its 101 is sent.
pub(crate) struct Accepted {
    pub(crate) completion: UpgradeCompletion,
    /// What the client sent right behind its request, and the engine has read.
    pub(crate) ahead: BytesMut,
}

impl Link {
    pub(crate) fn new(hub: Hub, connection: Connection, socket: Stream) -> Rc<Self> {
        Rc::new(Self {
            hub,
            connection,
            socket: RefCell::new(Some(socket)),
            frames: RefCell::new(None),
            held: RefCell::default(),
            flights: RefCell::default(),
            early_resets: RefCell::default(),
            client_closed: Cell::new(false),
            stopping: Cell::new(false),
            settled: Cell::new(false),
            holding: Cell::new(false),
            lingers: Cell::new(false),
            last: Cell::new(Last::No),
            accepted: RefCell::default(),
            unsent: Cell::new(0),
            reader: Cell::default(),
            blocked: RefCell::default(),
        })
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    pub(crate) fn is_http2(&self) -> bool {
        self.frames.borrow().is_some()
    }

    /// Begins a request; it ends with the guard.
    pub(crate) fn begin(
        self: &Rc<Self>,
        stream: Option<u32>,
        lifetime: RequestLifetime,
    ) -> InFlight {
        let flight = Flight::new(stream, lifetime);
        if self.client_closed.get() {
            flight.disconnect();
        }
        let mut resets = self.early_resets.borrow_mut();
        if let Some(known) = resets.iter().position(|reset| Some(*reset) == stream) {
            resets.swap_remove(known);
            flight.end();
        }
        self.flights.borrow_mut().push(Rc::clone(&flight));
        InFlight::new(Rc::clone(self), flight)
    }

    pub(crate) fn end(&self, flight: &Rc<Flight>) {
        let mut flights = self.flights.borrow_mut();
        if let Some(known) = flights.iter().position(|known| Rc::ptr_eq(known, flight)) {
            flights.swap_remove(known);
        }
        if flights.is_empty() && self.stopping.get() {
            self.wake_reader();
        }
    }

    pub(super) fn is_idle(&self) -> bool {
        self.flights.borrow().is_empty()
    }

    /// The server was asked to stop: no request is read any more.
    pub(crate) fn stop(&self) {
        self.stopping.set(true);
        self.wake_reader();
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.get()
    }

    /// Keeps what the client sends from the engine, or no longer.
    pub(crate) fn hold(&self, holding: bool) {
        self.holding.set(holding);
        self.wake_reader();
    }

    /// The engine is about to send the 101 of an accepted upgrade.
    pub(crate) fn accept(&self, accepted: Accepted) {
        self.accepted.replace(Some(accepted));
    }

    /// What the client still sends is to be discarded before the connection is closed.
    pub(crate) fn linger(&self) {
        self.lingers.set(true);
    }

    /// The last response is written, up to its end.
    pub(crate) fn end_with(&self, last: Last) {
        self.last.set(last);
    }

    /// Returns whether the last response of the connection was given to the engine.
    pub(crate) fn is_over(&self) -> bool {
        self.last.get() != Last::No
    }

    /// Closes the connection with a reset, so that nobody takes what was sent for all of it.
    pub(crate) fn break_off(&self) {
        if let Some(socket) = &*self.socket.borrow() {
            socket.socket().reset_on_close();
        }
    }

    pub(super) fn wake_reader(&self) {
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }
}
