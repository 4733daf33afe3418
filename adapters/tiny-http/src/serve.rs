use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::Duration;

use transom::adapter::{Dispatcher, HostRuntime};
use transom::features::ServerStatistics;
use transom::{Application, Error, Shutdown};

use crate::engine::Engine;
use crate::exchange::{Shared, Site};
use crate::graves::Graves;
use crate::intake::{self, Lane};
use crate::phase::{Phase, Phases};
use crate::queues::Queues;
use crate::server::BoundTinyHttpServer;

/// Serves until `shutdown` is requested and everything that was begun has ended.
pub(crate) async fn serve<A: Application>(
    bound: BoundTinyHttpServer,
    app: A,
    shutdown: Shutdown,
) -> Result<(), Error> {
    let failed = |error: std::io::Error| Error::serve("tiny_http", error);
    let BoundTinyHttpServer {
        listeners: _files,
        engines,
        features,
        options,
    } = bound;
    let mut dispatcher = Dispatcher::new(app, features, &shutdown);
    if let Some(limit) = options.max_request_body_size {
        dispatcher = dispatcher.with_max_request_body_size(limit);
    }
    let statistics = dispatcher.statistics().clone();
    let shared = Arc::new(Shared {
        runtime: HostRuntime::current(),
        phases: Phases::new(),
        queues: Queues::default(),
        graves: Graves::new(options.read_timeout),
        work: ServerStatistics::new(),
        options,
    });
    let site = Arc::new(Site {
        dispatcher,
        shared: Arc::clone(&shared),
    });

    let (jobs, receiver) = sync_channel(0);
    let (quiet, mut all_quiet) = tokio::sync::mpsc::channel(1);
    let lane = Lane { jobs, quiet };
    // Armed before anything is started.
    let open = Open {
        engines,
        shared: Arc::clone(&shared),
    };
    intake::start_workers(&site, receiver).map_err(failed)?;
    for engine in &open.engines {
        engine.open(&shared, &lane).map_err(failed)?;
    }
    start_tending(open.engines.clone(), Arc::clone(&shared), lane).map_err(failed)?;

    shutdown.requested().await;
    shared.phases.advance(Phase::Draining);
    open.close();
    // What waited in the engines was begun: all of it is handed over when they are quiet.
    while all_quiet.recv().await.is_some() {}
    loop {
        shared.work.idle().await;
        statistics.idle().await;
        if shared.phases.now() == Phase::Closed {
            return Ok(());
        }
        // A request that came in between is answered still; those after it are refused.
        shared.phases.advance(Phase::Closed);
    }
}

/// Looks after the engines, and the connections that they have to close, until both are gone.
fn start_tending(
    engines: Vec<Arc<Engine>>,
    shared: Arc<Shared>,
    lane: Lane,
) -> std::io::Result<()> {
    let interval = (shared.options.read_timeout / 3).min(Duration::from_secs(1));
    let mut lane = Some(lane);
    thread::Builder::new()
        .name("tiny-http-tending".into())
        .spawn(move || {
            loop {
                let phase = shared.phases.now();
                if phase >= Phase::Draining {
                    lane = None;
                }
                if let Some(lane) = &lane {
                    for engine in &engines {
                        engine.tend(&shared, lane);
                    }
                }
                shared.graves.sweep();
                if phase >= Phase::Closed && shared.graves.is_empty() {
                    return;
                }
                thread::sleep(interval);
            }
        })
        .map(drop)
}

/// What `serve` has opened. Dropped early, it aborts all of it.
struct Open {
    engines: Vec<Arc<Engine>>,
    shared: Arc<Shared>,
}

impl Open {
    fn close(&self) {
        for engine in &self.engines {
            engine.close();
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if self.shared.phases.now() < Phase::Closed {
            self.shared.phases.advance(Phase::Aborted);
            self.close();
        }
    }
}
