//! An event that happens once and stays happened; what every token of the crate is made of.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

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
                    // As in `wait`.
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
    pub(crate) async fn wait(&self) {
        while !self.is_fired() {
            let listener = self.event.listen();
            // A `fire` between the check and `listen` would notify nobody: look again.
            if self.is_fired() {
                return;
            }
            listener.await;
        }
    }
}

/// The place in the queue of who polls a [`Signal`].
#[derive(Debug, Default)]
pub(crate) struct Listener(Option<EventListener>);
