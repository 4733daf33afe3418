use std::io;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use transom::Application;
use transom::features::{Counted, Endpoint, Transport};

use crate::engine::Engine;
use crate::exchange::{self, Shared, Site};
use crate::phase::Phase;

/// How often a thread that waits for requests looks at the phase.
const TICK: Duration = Duration::from_millis(50);

/// A request on its way to a thread that answers it. It counts as begun.
pub(crate) struct Job {
    pub(crate) request: tiny_http::Request,
    pub(crate) origin: Arc<Origin>,
    pub(crate) counted: Counted,
}

impl Job {
    /// Returns the connection; `None` on a unix socket, whose clients have no address.
    pub(crate) fn peer(&self) -> Option<Peer> {
        let address = *self.request.remote_addr()?;
        Some(Peer {
            listener: self.origin.id,
            address,
        })
    }
}

/// What tells one open connection from the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Peer {
    pub(crate) listener: u64,
    pub(crate) address: SocketAddr,
}

/// What all connections of one listener share.
#[derive(Debug)]
pub(crate) struct Origin {
    pub(crate) id: u64,
    pub(crate) transport: Transport,
    /// The server's end, where the listener has one address alone.
    pub(crate) local: Option<Endpoint>,
}

/// The way of a request to a thread that answers it. It has no room: what waits, waits in the engine.
#[derive(Clone)]
pub(crate) struct Lane {
    pub(crate) jobs: SyncSender<Job>,
    /// Dropped when nothing waits in the engine any more after the stop.
    pub(crate) quiet: tokio::sync::mpsc::Sender<()>,
}

/// Starts the thread that takes requests from an engine.
///
/// It outlives `serve` by the read timeout: for so long the engine's connections live, and a client that
/// sends one more request on them is answered 503.
///
/// # Errors
///
/// The system has no thread left.
pub(crate) fn start(
    server: tiny_http::Server,
    engine: Arc<Engine>,
    generation: u64,
    shared: Arc<Shared>,
    lane: Lane,
) -> io::Result<()> {
    thread::Builder::new()
        .name("tiny-http-intake".into())
        .spawn(move || take(server, &engine, generation, &shared, lane))
        .map(drop)
}

fn take(server: tiny_http::Server, engine: &Engine, generation: u64, shared: &Shared, lane: Lane) {
    let Lane { jobs, quiet } = lane;
    let (mut jobs, mut quiet) = (Some(jobs), Some(quiet));
    let mut accepting = true;
    let mut heard = Instant::now();
    // After this silence the engine has no connection left.
    let silence = shared.options.read_timeout * 2;
    loop {
        let received = server.recv_timeout(TICK);
        let phase = shared.phases.now();
        if phase >= Phase::Closed {
            jobs = None;
        }
        match received {
            Ok(Some(request)) => {
                heard = Instant::now();
                let job = Job {
                    request,
                    origin: Arc::clone(&engine.origin),
                    counted: shared.work.count_request(),
                };
                let unsent = match (shared.queues.begin(job), &jobs) {
                    (None, _) => None,
                    (Some(job), Some(jobs)) => jobs.send(job).err().map(|unsent| unsent.0),
                    (Some(job), None) => Some(job),
                };
                if let Some(job) = unsent {
                    let peer = job.peer();
                    exchange::refuse(shared, job, http::StatusCode::SERVICE_UNAVAILABLE);
                    shared.queues.forget(peer);
                }
            }
            Ok(None) => {
                if phase >= Phase::Draining {
                    quiet = None;
                }
                let over = phase >= Phase::Closed || phase == Phase::Serving && !accepting;
                // A silent connection of a unix socket is never closed: waiting for it is in vain.
                let silent =
                    engine.origin.transport == Transport::Unix || heard.elapsed() > silence;
                if over && silent {
                    break;
                }
            }
            // The engine stopped accepting: because it was told to, or because one `accept` failed.
            Err(_) => {
                accepting = false;
                if phase == Phase::Serving {
                    engine.fail(generation);
                }
            }
        }
    }
    drop(quiet);
    if engine.origin.transport == Transport::Unix {
        // Dropping it removes the file of the socket, which may be another server's by now. The listener
        // removes its own.
        std::mem::forget(server);
    }
}

/// Starts the threads that answer requests. They end when every lane to them is gone.
///
/// # Errors
///
/// The system has no thread left.
pub(crate) fn start_workers<A: Application>(
    site: &Arc<Site<A>>,
    jobs: Receiver<Job>,
) -> io::Result<()> {
    let jobs = Arc::new(Mutex::new(jobs));
    for _ in 0..site.shared.options.threads {
        let (site, jobs) = (Arc::clone(site), Arc::clone(&jobs));
        thread::Builder::new()
            .name("tiny-http-request".into())
            .spawn(move || {
                loop {
                    let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    let Ok(job) = job else { return };
                    let peer = job.peer();
                    let mut next = Some(job);
                    while let Some(job) = next {
                        // The application's panics were caught where it was polled. Should there be
                        // another, it costs its connection.
                        let _ = catch_unwind(AssertUnwindSafe(|| exchange::answer(&site, job)));
                        next = site.shared.queues.next(peer);
                    }
                }
            })?;
    }
    Ok(())
}
