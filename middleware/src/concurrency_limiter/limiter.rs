use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use tokio::sync::oneshot;

use super::QueueOrder;

/// The permits, and who waits for one.
#[derive(Debug)]
pub(super) struct Limiter {
    permits: usize,
    queue: usize,
    order: QueueOrder,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Permits that are held. Somebody waits only while all are.
    held: usize,
    /// By when they came. Whose sender is dropped is refused.
    waiting: BTreeMap<u64, oneshot::Sender<Permit>>,
    came: u64,
}

/// What there is for a request.
pub(super) enum Place {
    Now(Permit),
    Later(Waiting),
    None,
}

impl Limiter {
    pub(super) fn new(permits: usize, queue: usize, order: QueueOrder) -> Self {
        Self {
            permits: permits.max(1),
            queue,
            order,
            state: Mutex::default(),
        }
    }

    pub(super) fn acquire(self: &Arc<Self>) -> Place {
        let mut state = self.state();
        if state.held < self.permits {
            state.held += 1;
            return Place::Now(Permit(Some(Arc::clone(self))));
        }
        // Who is put out learns of it once the lock is free.
        let mut put_out = None;
        if state.waiting.len() >= self.queue {
            match self.order {
                QueueOrder::NewestFirst if self.queue > 0 => {
                    put_out = state.waiting.pop_first();
                }
                _ => return Place::None,
            }
        }
        let number = state.came;
        state.came += 1;
        let (sender, permit) = oneshot::channel();
        state.waiting.insert(number, sender);
        drop(state);
        drop(put_out);
        Place::Later(Waiting {
            limiter: Arc::clone(self),
            number,
            permit,
        })
    }

    pub(super) fn held(&self) -> usize {
        self.state().held
    }

    pub(super) fn waiting(&self) -> usize {
        self.state().waiting.len()
    }

    /// Gives a permit to the next who waits, or back.
    fn release(self: &Arc<Self>) {
        loop {
            let mut state = self.state();
            let next = match self.order {
                QueueOrder::OldestFirst => state.waiting.pop_first(),
                QueueOrder::NewestFirst => state.waiting.pop_last(),
            };
            let Some((_, next)) = next else {
                state.held -= 1;
                return;
            };
            drop(state);
            match next.send(Permit(Some(Arc::clone(self)))) {
                Ok(()) => return,
                // Gone in this moment.
                Err(mut permit) => permit.0 = None,
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One of the permits, until it is dropped.
#[derive(Debug)]
pub(super) struct Permit(Option<Arc<Limiter>>);

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(limiter) = self.0.take() {
            limiter.release();
        }
    }
}

/// A place in the queue, until it is dropped. `None` if it was needed for somebody else.
#[derive(Debug)]
pub(super) struct Waiting {
    limiter: Arc<Limiter>,
    number: u64,
    permit: oneshot::Receiver<Permit>,
}

impl Future for Waiting {
    type Output = Option<Permit>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Permit>> {
        Pin::new(&mut self.permit).poll(cx).map(Result::ok)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let place = self.limiter.state().waiting.remove(&self.number);
        drop(place);
        // A permit that came and was not seen is dropped with the receiver, and so goes to the next.
    }
}
