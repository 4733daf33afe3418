use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project::pin_project;
use tokio::runtime::Handle;

/// The runtime on which a host serves, for a server that polls the application on threads of its own.
///
/// An application that sleeps, connects or spawns needs a runtime around each poll; on the threads of
/// another engine there is none, or the wrong one.
///
/// ```
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// use std::time::Duration;
/// use transom::adapter::HostRuntime;
///
/// let runtime = HostRuntime::current();
/// // A thread that knows nothing of tokio.
/// let answer = std::thread::spawn(move || {
///     let application = async {
///         tokio::time::sleep(Duration::from_millis(1)).await;
///         42
///     };
///     runtime.block_on(application)
/// });
/// # let answer = tokio::task::spawn_blocking(move || answer.join()).await?;
/// assert_eq!(answer.unwrap(), 42);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct HostRuntime(Handle);

impl HostRuntime {
    /// Returns the runtime that the caller runs on: the one that polls `serve`.
    ///
    /// # Panics
    ///
    /// Panics outside of a tokio runtime.
    pub fn current() -> Self {
        Self(Handle::current())
    }

    /// Wraps a future so that each poll of it, on whatever thread, is inside the runtime.
    pub fn enter<F: Future>(&self, future: F) -> Entered<F> {
        Entered {
            future,
            runtime: self.0.clone(),
        }
    }

    /// Runs something inside the runtime; for who polls by hand.
    ///
    /// ```
    /// # let host = tokio::runtime::Runtime::new()?;
    /// use tokio::runtime::Handle;
    /// use transom::adapter::HostRuntime;
    ///
    /// let runtime = host.block_on(async { HostRuntime::current() });
    /// assert!(Handle::try_current().is_err());
    /// runtime.within(|| assert!(Handle::try_current().is_ok()));
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn within<R>(&self, act: impl FnOnce() -> R) -> R {
        let _inside = self.0.enter();
        act()
    }

    /// Runs a future to its end on the calling thread, which must be a thread of no runtime.
    ///
    /// # Panics
    ///
    /// Panics on a thread that drives a runtime.
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.0.block_on(future)
    }

    /// Spawns a future on the runtime. The handle aborts it when it is dropped.
    pub fn spawn<F>(&self, future: F) -> Offloaded<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        Offloaded(self.0.spawn(future))
    }
}

/// A future that is polled inside a runtime; see [`HostRuntime::enter`].
#[derive(Debug)]
#[pin_project]
pub struct Entered<F> {
    #[pin]
    future: F,
    runtime: Handle,
}

impl<F: Future> Future for Entered<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let _inside = this.runtime.enter();
        this.future.poll(cx)
    }
}

/// A future that runs on the runtime until it ends or this is dropped; see [`HostRuntime::spawn`].
#[derive(Debug)]
#[must_use = "dropping it aborts what was spawned"]
pub struct Offloaded<T>(tokio::task::JoinHandle<T>);

impl<T> Future for Offloaded<T> {
    /// `None` if the future panicked or its runtime ended.
    type Output = Option<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx).map(Result::ok)
    }
}

impl<T> Drop for Offloaded<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
