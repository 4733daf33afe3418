use std::any::Any;
use std::cell::Cell;
use std::error::Error as StdError;
use std::fmt;
use std::future::{Future, poll_fn};
use std::mem::forget;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use super::Failure;

thread_local! {
    /// What the panic that is on its way on this thread passed first.
    static FIRST: Cell<Option<Passed>> = const { Cell::new(None) };
}

enum Passed {
    Stage(Arc<str>),
    /// The edge between two stages: what is behind it has no name.
    Edge,
}

/// Awaits the work of a stage; a panic in it is known to have been there.
pub(super) async fn in_stage<F: Future>(name: &Arc<str>, work: F) -> F::Output {
    let mut work = pin!(work);
    poll_fn(|cx| {
        noting(
            || Passed::Stage(Arc::clone(name)),
            || work.as_mut().poll(cx),
        )
    })
    .await
}

/// Polls what is behind the edge of a stage, so that a panic there is not taken for one of the stage.
pub(super) fn behind_edge<T>(poll: impl FnOnce() -> T) -> T {
    noting(|| Passed::Edge, poll)
}

/// Costs nothing where nothing panics.
fn noting<T>(passed: impl Fn() -> Passed, poll: impl FnOnce() -> T) -> T {
    struct Unwinding<P: Fn() -> Passed>(P);
    impl<P: Fn() -> Passed> Drop for Unwinding<P> {
        fn drop(&mut self) {
            // At the end of a thread there is nobody to be told.
            let _ = FIRST.try_with(|first| {
                let known = first.take();
                first.set(known.or_else(|| Some((self.0)())));
            });
        }
    }
    let unwinding = Unwinding(passed);
    let polled = poll();
    forget(unwinding);
    polled
}

/// See [`Failure::catch`].
pub(super) async fn catch<F: Future>(future: F) -> Result<F::Output, Failure> {
    let mut future = pin!(future);
    poll_fn(|cx| {
        // What somebody else caught on this thread.
        FIRST.set(None);
        let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx)));
        let panic = match polled {
            Ok(polled) => return polled.map(Ok),
            Err(panic) => panic,
        };
        let stage = match FIRST.take() {
            Some(Passed::Stage(name)) => Some(name),
            Some(Passed::Edge) | None => None,
        };
        let failure = Failure::new(Panicked::new(&*panic));
        Poll::Ready(Err(failure.in_stage(stage)))
    })
    .await
}

/// A panic as an error.
#[derive(Debug)]
struct Panicked(String);

impl Panicked {
    fn new(panic: &(dyn Any + Send)) -> Self {
        let text = panic.downcast_ref::<&str>().copied();
        let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        Self(text.unwrap_or("a value that is not text").to_owned())
    }
}

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the application panicked: {}", self.0)
    }
}

impl StdError for Panicked {}
