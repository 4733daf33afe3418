use std::any::Any;
use std::cell::Cell;
use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::mem::forget;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project::pin_project;

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

/// The work of a stage; a panic in it is known to have been there.
#[pin_project]
pub(super) struct InStage<'a, F> {
    name: &'a Arc<str>,
    #[pin]
    work: F,
}

impl<'a, F> InStage<'a, F> {
    #[inline]
    pub(super) fn new(name: &'a Arc<str>, work: F) -> Self {
        Self { name, work }
    }
}

impl<F: Future> Future for InStage<'_, F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        noting(
            || Passed::Stage(Arc::clone(this.name)),
            || this.work.poll(cx),
        )
    }
}

/// Polls what is behind the edge of a stage, so that a panic there is not taken for one of the stage.
#[inline]
pub(super) fn behind_edge<T>(poll: impl FnOnce() -> T) -> T {
    noting(|| Passed::Edge, poll)
}

/// Costs nothing where nothing panics.
#[inline]
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
#[pin_project]
pub(super) struct Catch<F>(#[pin] pub(super) F);

impl<F: Future> Future for Catch<F> {
    type Output = Result<F::Output, Failure>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let future = self.project().0;
        // What somebody else caught on this thread.
        FIRST.set(None);
        match catch_unwind(AssertUnwindSafe(|| future.poll(cx))) {
            Ok(polled) => polled.map(Ok),
            Err(panic) => Poll::Ready(Err(failure(&*panic))),
        }
    }
}

#[cold]
fn failure(panic: &(dyn Any + Send)) -> Failure {
    let stage = match FIRST.take() {
        Some(Passed::Stage(name)) => Some(name),
        Some(Passed::Edge) | None => None,
    };
    Failure::new(Panicked::new(panic)).in_stage(stage)
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
