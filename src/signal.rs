//! An event that happens once and stays happened; what every token of the crate is made of.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker, ready};

use event_listener::{Event, EventListener};

/// Fires at most once. Allocates nothing until somebody waits.
#[derive(Debug, Default)]
pub(crate) struct Signal {
    fired: AtomicBool,
    event: Event,
}

impl Signal {
    pub(crate) const fn new() -> Self {
        Self {
            fired: AtomicBool::new(false),
            event: Event::new(),
        }
    }

    /// Fires, and returns whether this call was the one that did.
    pub(crate) fn fire(&self) -> bool {
        let first = !self.fired.swap(true, Ordering::AcqRel);
        if first {
            self.event.notify(usize::MAX);
        }
        first
    }

    pub(crate) fn is_fired(&self) -> bool {
        self.fired.load(Ordering::Acquire)
    }

    /// Ready once the signal has fired. `listener` is the same one from call to call.
    pub(crate) fn poll_wait(&self, listener: &mut Listener, cx: &mut Context<'_>) -> Poll<()> {
        while !self.is_fired() {
            let listening = match &mut listener.0 {
                Some(listening) => listening,
                none => {
                    let listening = none.insert(self.event.listen());
                    // A `fire` between the check and `listen` would notify nobody: look again.
                    if self.is_fired() {
                        break;
                    }
                    listening
                }
            };
            ready!(Pin::new(listening).poll(cx));
            listener.0 = None;
        }
        Poll::Ready(())
    }

    /// Waits until the signal has fired; at once when it already has.
    pub(crate) fn wait(&self) -> Wait<'_> {
        Wait {
            signal: self,
            listener: Listener::default(),
            waker: None,
        }
    }
}

/// Waits for a [`Signal`]; see [`Signal::wait`].
#[derive(Debug)]
pub(crate) struct Wait<'a> {
    signal: &'a Signal,
    listener: Listener,
    /// Whom the listener wakes. A connection polls it with each request, and it is mostly the same.
    waker: Option<Waker>,
}

impl Future for Wait<'_> {
    type Output = ();

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        if this.signal.is_fired() {
            return Poll::Ready(());
        }
        let known = this.waker.as_ref();
        if known.is_some_and(|waker| waker.will_wake(cx.waker())) {
            return Poll::Pending;
        }
        let waited = this.signal.poll_wait(&mut this.listener, cx);
        this.waker = waited.is_pending().then(|| cx.waker().clone());
        waited
    }
}

/// The place in the queue of who polls a [`Signal`].
#[derive(Debug, Default)]
pub(crate) struct Listener(Option<EventListener>);
