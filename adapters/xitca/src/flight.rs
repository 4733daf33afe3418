//! One request in flight, as its connection knows it.

use std::cell::Cell;
use std::rc::Rc;
use std::task::{Context, Waker};

use transom::features::RequestLifetime;

use crate::link::Link;

/// A request from its head to the end of its response.
pub(crate) struct Flight {
    /// The stream of HTTP/2 that it came on.
    pub(crate) stream: Option<u32>,
    lifetime: RequestLifetime,
    /// Nobody can be answered any more.
    gone: Cell<bool>,
    waker: Cell<Option<Waker>>,
}

impl Flight {
    pub(crate) fn new(stream: Option<u32>, lifetime: RequestLifetime) -> Rc<Self> {
        Rc::new(Self {
            stream,
            lifetime,
            gone: Cell::new(false),
            waker: Cell::new(None),
        })
    }

    /// Tells the application that the client has closed its side.
    pub(crate) fn disconnect(&self) {
        self.lifetime.disconnect();
    }

    /// Tells the application, and ends the request: nobody can be answered any more.
    pub(crate) fn end(&self) {
        self.gone.set(true);
        self.lifetime.disconnect();
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    /// Returns whether nobody can be answered any more, or remembers whom to wake when it is so.
    pub(crate) fn poll_gone(&self, cx: &Context<'_>) -> bool {
        if !self.gone.get() {
            self.waker.set(Some(cx.waker().clone()));
        }
        self.gone.get()
    }
}

/// Keeps a request among those of its connection.
pub(crate) struct InFlight {
    link: Rc<Link>,
    flight: Rc<Flight>,
}

impl InFlight {
    /// Only [`Link::begin`] makes one.
    pub(crate) fn new(link: Rc<Link>, flight: Rc<Flight>) -> Self {
        Self { link, flight }
    }

    pub(crate) fn link(&self) -> &Rc<Link> {
        &self.link
    }

    /// Returns whether nobody can be answered any more.
    pub(crate) fn poll_gone(&self, cx: &mut Context<'_>) -> bool {
        self.link.watch(cx);
        self.flight.poll_gone(cx)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.link.end(&self.flight);
    }
}
