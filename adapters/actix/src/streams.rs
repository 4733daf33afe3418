//! The streams of a connection of HTTP/2: the engine answers each in a task of its own, and tells nothing of
//! what becomes of the connection.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};
use std::task::{Context, Waker};

use transom::adapter::Connection;

use crate::link::Link;

/// One connection, shared by its [`Multiplexed`](crate::multiplexed::Multiplexed) and the requests on it.
pub(crate) struct Streams {
    connection: Rc<Connection>,
    open: RefCell<BTreeMap<u64, Weak<Link>>>,
    begun: Cell<u64>,
    /// The engine's task for the connection.
    parked: Cell<Option<Waker>>,
}

impl Streams {
    pub(crate) fn new(connection: Connection) -> Rc<Self> {
        Rc::new(Self {
            connection: Rc::new(connection),
            open: RefCell::default(),
            begun: Cell::new(0),
            parked: Cell::new(None),
        })
    }

    /// Begins a request. It is open until its link is dropped.
    pub(crate) fn begin_on(self: &Rc<Self>) -> Rc<Link> {
        let number = self.begun.get();
        self.begun.set(number + 1);
        let open = Open {
            streams: Rc::clone(self),
            number,
        };
        let link = Link::of_stream(Rc::clone(&self.connection), open);
        self.open.borrow_mut().insert(number, Rc::downgrade(&link));
        link
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.open.borrow().is_empty()
    }

    pub(crate) fn has_begun(&self) -> bool {
        self.begun.get() > 0
    }

    /// Lets every request look whether its stream is still there.
    pub(crate) fn look(&self) {
        for link in self.open.borrow().values().filter_map(Weak::upgrade) {
            link.unpark();
        }
    }

    /// Remembers whom to wake when nothing is open any more.
    pub(crate) fn park(&self, cx: &Context<'_>) {
        let parked = self.parked.take();
        self.parked.set(Some(match parked {
            Some(waker) if waker.will_wake(cx.waker()) => waker,
            _ => cx.waker().clone(),
        }));
    }
}

/// A stream counts as open for as long as this lives.
pub(crate) struct Open {
    streams: Rc<Streams>,
    number: u64,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.streams.open.borrow_mut().remove(&self.number);
        if self.streams.is_idle()
            && let Some(waker) = self.streams.parked.take()
        {
            waker.wake();
        }
    }
}
