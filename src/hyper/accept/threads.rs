//! Workers on threads of their own.

use std::future::{Future as _, poll_fn};
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::task::Poll;
use std::time::{Duration, Instant};

use futures_channel::oneshot;
use tokio::runtime::{Builder, Runtime};

use super::{Orders, Worker};
use crate::contract::Application;
use crate::hyper::connection::Server;
use crate::signal::Signal;

/// How long an aborted thread may take to come to its next await. One that never comes to it is left behind.
const ABORT: Duration = Duration::from_secs(1);

/// A thread for each worker. Dropped, it aborts them.
pub(in crate::hyper) struct Threads {
    abort: Arc<Signal>,
    done: Vec<oneshot::Receiver<()>>,
    /// Disconnected when no thread runs any more.
    running: Receiver<()>,
}

impl Threads {
    /// Begins to work.
    ///
    /// # Errors
    ///
    /// The system has no threads or descriptors left. Then none works.
    pub(in crate::hyper) fn start<A: Application>(
        server: &Arc<Server<A>>,
        orders: Vec<Orders>,
    ) -> io::Result<Self> {
        let (runs, running) = channel();
        let mut threads = Self {
            abort: Arc::new(Signal::new()),
            done: Vec::with_capacity(orders.len()),
            running,
        };
        for (index, orders) in orders.into_iter().enumerate() {
            let (ended, done) = oneshot::channel();
            let thread = Thread {
                runtime: Builder::new_current_thread().enable_all().build()?,
                abort: Arc::clone(&threads.abort),
                ended,
                _runs: runs.clone(),
            };
            let server = Arc::clone(server);
            std::thread::Builder::new()
                .name(format!("transom-{index}"))
                .spawn(move || thread.work(server, orders))?;
            threads.done.push(done);
        }
        Ok(threads)
    }

    /// Waits until every worker has ended.
    ///
    /// # Errors
    ///
    /// A thread panicked.
    pub(in crate::hyper) async fn join(mut self) -> io::Result<()> {
        // Of several that panic, one is enough, whichever it is.
        let mut done = std::mem::take(&mut self.done);
        poll_fn(|cx| {
            let mut panicked = false;
            done.retain_mut(|done| match pin!(done).poll(cx) {
                Poll::Ready(ended) => {
                    panicked |= ended.is_err();
                    false
                }
                Poll::Pending => true,
            });
            match (panicked, done.is_empty()) {
                (true, _) => Poll::Ready(Err(io::Error::other("one of its threads panicked"))),
                (false, true) => Poll::Ready(Ok(())),
                (false, false) => Poll::Pending,
            }
        })
        .await
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.abort.fire();
        let end = Instant::now() + ABORT;
        while let Err(RecvTimeoutError::Timeout) | Ok(()) = {
            let left = end.saturating_duration_since(Instant::now());
            self.running.recv_timeout(left)
        } {
            if Instant::now() >= end {
                tracing::warn!(target: "transom", "a thread of the server is busy, and is left behind");
                return;
            }
        }
    }
}

/// One thread, with a runtime of its own.
struct Thread {
    runtime: Runtime,
    abort: Arc<Signal>,
    ended: oneshot::Sender<()>,
    _runs: Sender<()>,
}

impl Thread {
    fn work<A: Application>(self, server: Arc<Server<A>>, orders: Orders) {
        let abort = Arc::clone(&self.abort);
        let ended = self.runtime.block_on(async move {
            let statistics = server.dispatcher.statistics().clone();
            let working = async {
                Worker::new(server, orders).run().await;
                // What was upgraded runs on this runtime.
                statistics.idle().await;
            };
            let (mut working, mut abort) = (pin!(working), pin!(abort.wait()));
            poll_fn(|cx| {
                if abort.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(false);
                }
                working.as_mut().poll(cx).map(|()| true)
            })
            .await
        });
        // Not waited for: whatever blocks.
        self.runtime.shutdown_background();
        if ended {
            // Nobody waits when the server was dropped.
            let _ = self.ended.send(());
        }
    }
}
