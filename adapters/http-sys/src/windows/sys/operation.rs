use std::cell::UnsafeCell;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use windows_sys::Win32::Foundation::{
    ERROR_IO_PENDING, ERROR_OPERATION_ABORTED, HANDLE, RtlNtStatusToDosError,
};
use windows_sys::Win32::System::IO::{OVERLAPPED, OVERLAPPED_ENTRY};

use super::RequestQueue;

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// 0, or why it failed.
    pub(crate) error: u32,
    /// How many bytes were read, or are needed.
    pub(crate) bytes: u32,
}

impl Outcome {
    const ABORTED: Self = Self {
        error: ERROR_OPERATION_ABORTED,
        bytes: 0,
    };
}

/// One overlapped call. The system knows it by the address of its head, and owns a reference until it is done.
#[repr(C)]
struct Operation<K> {
    head: Head,
    state: Mutex<State<K>>,
}

#[repr(C)]
struct Head {
    overlapped: UnsafeCell<OVERLAPPED>,
    complete: unsafe fn(*const Head, Outcome),
}

struct State<K> {
    /// What the system reads from, or writes into. Nobody looks at it before there is an outcome.
    keeps: Option<K>,
    outcome: Option<Outcome>,
    waker: Option<Waker>,
}

// SAFETY: the one part that is neither is `overlapped`, which the system alone looks at.
unsafe impl<K: Send> Send for Operation<K> {}
// SAFETY: as above.
unsafe impl<K: Send> Sync for Operation<K> {}

impl<K> Operation<K> {
    fn state(&self) -> MutexGuard<'_, State<K>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn finish(&self, outcome: Outcome) {
        let mut state = self.state();
        state.outcome = Some(outcome);
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// # Safety
    ///
    /// `head` is that of an operation with these `K`, and its reference is the system's, who is done with it.
    unsafe fn complete(head: *const Head, outcome: Outcome) {
        // SAFETY: `head` is the first field, and the pointer came from `Arc::into_raw`.
        let operation = unsafe { Arc::from_raw(head.cast::<Self>()) };
        operation.finish(outcome);
    }
}

/// Ends the call that a packet is about.
///
/// # Safety
///
/// It is the packet of a call that `submit` has made, and it comes for the first time.
pub(super) unsafe fn complete(entry: &OVERLAPPED_ENTRY) {
    let overlapped = entry.lpOverlapped;
    // SAFETY: the system has filled it in, and writes to it no more.
    let status = unsafe { (*overlapped).Internal };
    let outcome = Outcome {
        // SAFETY: it maps numbers to numbers. A status has 32 bits.
        error: unsafe { RtlNtStatusToDosError(status as i32) },
        bytes: entry.dwNumberOfBytesTransferred,
    };
    let head = overlapped.cast_const().cast::<Head>();
    // SAFETY: `submit` gave out the address of a head, whose first field this is, and a reference with it.
    unsafe { ((*head).complete)(head, outcome) };
}

/// Makes an overlapped call, and returns what waits for its end.
///
/// `keeps` lives until the system is done. A queue that is closed makes no call, which then counts as aborted.
///
/// # Safety
///
/// `call` makes one overlapped call on the handle, with this `OVERLAPPED` and this place for a number of bytes. Every
/// other address that it gives to the system is of `'static` memory, or of the heap and owned by `keeps`, where it
/// stays when that is moved.
pub(super) unsafe fn submit<K: Send + 'static>(
    queue: &Arc<RequestQueue>,
    keeps: K,
    call: impl FnOnce(HANDLE, &mut u32, *mut OVERLAPPED) -> u32,
) -> Pending<K> {
    let operation = Arc::new(Operation {
        head: Head {
            overlapped: UnsafeCell::new(OVERLAPPED::default()),
            complete: Operation::<K>::complete,
        },
        state: Mutex::new(State {
            keeps: Some(keeps),
            outcome: None,
            waker: None,
        }),
    });
    let systems = Arc::into_raw(Arc::clone(&operation));
    let overlapped = systems.cast_mut().cast::<OVERLAPPED>();
    let mut bytes = 0;
    let made = queue.with_handle(|port, handle| {
        port.begun();
        let error = call(handle, &mut bytes, overlapped);
        if error != ERROR_IO_PENDING {
            port.ended_at_once();
        }
        error
    });
    let outcome = match made {
        Some(ERROR_IO_PENDING) => None,
        Some(error) => Some(Outcome { error, bytes }),
        None => Some(Outcome::ABORTED),
    };
    if let Some(outcome) = outcome {
        // SAFETY: no packet comes for a call that failed, nor, as the port has it, for one that succeeded at once.
        drop(unsafe { Arc::from_raw(systems) });
        operation.finish(outcome);
    }
    Pending {
        queue: Arc::clone(queue),
        operation,
        cancels: true,
    }
}

/// A call that was made. Dropping it before its end cancels it.
#[must_use = "dropping it cancels the call"]
pub(crate) struct Pending<K> {
    queue: Arc<RequestQueue>,
    operation: Arc<Operation<K>>,
    cancels: bool,
}

impl<K> Pending<K> {
    /// Asks the system to end the call. It still has to be awaited; and asked again, should that take long: a call
    /// that is on its way into the system is not found there.
    pub(crate) fn cancel(&self) {
        if self.operation.state().outcome.is_none() {
            let overlapped = self.operation.head.overlapped.get();
            self.queue.cancel_call(overlapped);
        }
    }

    /// Lets the call go its way.
    pub(crate) fn detach(mut self) {
        self.cancels = false;
    }
}

impl<K> Future for Pending<K> {
    type Output = (Outcome, K);

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<(Outcome, K)> {
        let mut state = self.operation.state();
        if let Some(outcome) = state.outcome
            && let Some(keeps) = state.keeps.take()
        {
            return Poll::Ready((outcome, keeps));
        }
        state.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl<K> Drop for Pending<K> {
    fn drop(&mut self) {
        if self.cancels {
            self.cancel();
        }
    }
}

impl<K> fmt::Debug for Pending<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending")
            .field("outcome", &self.operation.state().outcome)
            .finish_non_exhaustive()
    }
}
