use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use transom::adapter::Dispatcher;
use transom::features::ServerStatistics;
use transom::{Application, Error, Shutdown};
use windows_sys::Win32::Foundation::{
    ERROR_CONNECTION_INVALID, ERROR_INVALID_HANDLE, ERROR_INVALID_PARAMETER, ERROR_MORE_DATA,
    ERROR_OPERATION_ABORTED, ERROR_SUCCESS,
};

use super::arrival::Arrival;
use super::exchange::{Bases, Site, exchange};
use super::links::Links;
use super::server::BoundHttpSysServer;
use super::sys::{Outcome, RequestBuffer};
use crate::UrlPrefix;

/// Most heads fit, with what came of the body.
const BUFFER: usize = 8 * 1024;
/// How long after the system was asked to end a call it is asked again.
const AGAIN: Duration = Duration::from_millis(50);
/// How often in a row a call may be cancelled by nobody here, before that counts as the end of what it was about.
pub(super) const CANCELLED: usize = 8;
/// How long to wait when the system cannot take a call.
const EXHAUSTED: Duration = Duration::from_millis(100);

/// Serves until `shutdown` is requested and everything that was begun has ended.
pub(crate) async fn serve<A: Application>(
    bound: BoundHttpSysServer,
    app: A,
    shutdown: Shutdown,
) -> Result<(), Error> {
    let BoundHttpSysServer {
        mut listening,
        features,
        options,
    } = bound;
    let dispatcher = Dispatcher::new(app, features, &shutdown)
        .with_max_request_body_size(options.max_request_body_size);
    let statistics = dispatcher.statistics().clone();
    let site = Arc::new(Site {
        dispatcher,
        queue: Arc::clone(listening.queue()),
        links: Links::default(),
        bases: Bases {
            first: listening.first_context(),
            all: listening
                .prefixes()
                .iter()
                .map(UrlPrefix::path_base)
                .collect(),
        },
        options,
        stopping: AtomicBool::new(false),
        tasks: Tasks::new(),
        work: ServerStatistics::new(),
    });
    let _tasks = Ends(Arc::clone(&site));
    let (stop, stopped) = watch::channel(false);
    let mut receivers = JoinSet::new();
    for _ in 0..site.options.accepts {
        receivers.spawn(receive(Arc::clone(&site), stopped.clone()));
    }
    tokio::select! {
        biased;
        () = shutdown.requested() => {}
        // They end when they are told to, and not before.
        Some(ended) = receivers.join_next() => {
            let why = match ended {
                Ok(Err(code)) => std::io::Error::from_raw_os_error(code as i32),
                _ => std::io::Error::other("a receiver ended"),
            };
            return Err(Error::serve("HTTP.sys", why));
        }
    }
    site.stopping.store(true, Ordering::Release);
    listening.close();
    stop.send_replace(true);
    while receivers.join_next().await.is_some() {}
    site.queue.shut_down();
    site.work.idle().await;
    statistics.idle().await;
    Ok(())
}

/// Takes one request after the other out of the queue until it is told to stop.
///
/// # Errors
///
/// The code with which the system refuses to hand over any more.
async fn receive<A: Application>(
    site: Arc<Site<A>>,
    mut stopped: watch::Receiver<bool>,
) -> Result<(), u32> {
    let mut buffer = RequestBuffer::new(BUFFER);
    let mut request = 0;
    let mut cancelled = 0;
    while !*stopped.borrow() || request != 0 {
        // A request whose body was read cannot be handed over.
        let with_body = !site.options.delegation;
        let mut pending = site.queue.receive(request, buffer, with_body);
        let (outcome, filled) = tokio::select! {
            biased;
            ended = &mut pending => ended,
            () = until(&mut stopped) => {
                pending.cancel();
                loop {
                    match timeout(AGAIN, &mut pending).await {
                        Ok(ended) => break ended,
                        Err(_) => pending.cancel(),
                    }
                }
            }
        };
        buffer = filled;
        cancelled = match outcome.error {
            ERROR_OPERATION_ABORTED => cancelled + 1,
            _ => 0,
        };
        match outcome {
            Outcome {
                error: ERROR_SUCCESS,
                ..
            } => {
                let counted = site.work.count_request();
                let arrival = Arrival::read(buffer);
                site.tasks
                    .spawn(exchange(Arc::clone(&site), arrival, counted));
                buffer = RequestBuffer::new(BUFFER);
                request = 0;
            }
            Outcome {
                error: ERROR_MORE_DATA,
                bytes,
            } => {
                request = buffer.request_id();
                buffer = RequestBuffer::new(bytes as usize);
            }
            // The client has gone between the two calls.
            Outcome {
                error: ERROR_INVALID_PARAMETER | ERROR_CONNECTION_INVALID,
                ..
            } if request != 0 => {
                request = 0;
            }
            Outcome {
                error: ERROR_OPERATION_ABORTED | ERROR_INVALID_HANDLE,
                ..
            } => match *stopped.borrow() {
                true => return Ok(()),
                false if (1..CANCELLED).contains(&cancelled) => {}
                false => return Err(outcome.error),
            },
            Outcome { error, .. } => {
                let error = std::io::Error::from_raw_os_error(error as i32);
                tracing::warn!(target: "transom", %error, "HTTP.sys hands over no request");
                request = 0;
                sleep(EXHAUSTED).await;
            }
        }
    }
    Ok(())
}

async fn until(stopped: &mut watch::Receiver<bool>) {
    // It fails if the sender is gone, and with it the server.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

/// What is under way. Each has this as its owner, which ends all of them.
pub(crate) struct Tasks(Mutex<Option<JoinSet<()>>>);

impl Tasks {
    fn new() -> Self {
        Self(Mutex::new(Some(JoinSet::new())))
    }

    /// Spawns a task, unless all have been ended.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tasks) = &mut *tasks {
            // Those that ended must not pile up.
            while tasks.try_join_next().is_some() {}
            tasks.spawn(task);
        }
    }

    fn end(&self) {
        let tasks = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(tasks);
    }
}

impl fmt::Debug for Tasks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tasks").finish_non_exhaustive()
    }
}

/// Ends the tasks of a site when it is dropped: they own the site, and it them.
struct Ends<A>(Arc<Site<A>>);

impl<A> Drop for Ends<A> {
    fn drop(&mut self) {
        self.0.tasks.end();
    }
}
