//! The tasks of a connection's streams.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use hyper::rt::Executor;
use tokio::task::{self, JoinSet};
use tracing::Instrument as _;

use crate::hyper::connection::Place;
use crate::hyper::observe::current_span;

/// The tasks of a connection's streams. They end with it.
#[derive(Default)]
pub(super) struct Streams(Arc<Mutex<Tasks>>);

#[derive(Default)]
struct Tasks {
    set: JoinSet<()>,
    /// The places of streams that leave HTTP, by the task of the request that asked for it, until hyper
    /// spawns the task that carries the bytes.
    leaving: HashMap<task::Id, Place>,
    /// How many tasks carry bytes that are not HTTP.
    upgraded: usize,
}

/// How many streams there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Open {
    pub(super) streams: usize,
    /// Those among them that left HTTP.
    pub(super) upgraded: usize,
}

impl Streams {
    pub(super) fn executor(&self) -> StreamExecutor {
        StreamExecutor(Arc::downgrade(&self.0))
    }

    /// Forgets the tasks that ended, and returns how many there are.
    pub(super) fn reap(&self) -> Open {
        let mut tasks = lock(&self.0);
        while let Some(ended) = tasks.set.try_join_next_with_id() {
            let id = ended.map_or_else(|error| error.id(), |(id, ())| id);
            // It is still there if the stream was gone before its response was.
            if !tasks.leaving.is_empty() {
                tasks.leaving.remove(&id);
            }
        }
        Open {
            streams: tasks.set.len(),
            upgraded: tasks.upgraded,
        }
    }
}

/// Spawns the tasks of streams. They hold it, so it must not keep them alive.
#[derive(Clone)]
pub(in crate::hyper) struct StreamExecutor(Weak<Mutex<Tasks>>);

impl StreamExecutor {
    /// Says that the stream whose task this is leaves HTTP, as soon as hyper has its response.
    pub(in crate::hyper) fn leave(&self, place: Place) {
        if let (Some(tasks), Some(id)) = (self.0.upgrade(), task::try_id()) {
            lock(&tasks).leaving.insert(id, place);
        }
    }
}

impl<F> Executor<F> for StreamExecutor
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, stream: F) {
        let Some(shared) = self.0.upgrade() else {
            return;
        };
        let mut tasks = lock(&shared);
        // hyper spawns the task of an upgraded stream from that of its request, and others from its own.
        let place = match tasks.leaving.is_empty() {
            true => None,
            false => task::try_id().and_then(|id| tasks.leaving.remove(&id)),
        };
        let stream = stream.instrument(current_span());
        match place {
            None => tasks.set.spawn(stream),
            Some(place) => {
                tasks.upgraded += 1;
                let upgraded = Upgraded {
                    tasks: self.0.clone(),
                    _place: place,
                };
                tasks.set.spawn(async move {
                    let _upgraded = upgraded;
                    stream.await;
                })
            }
        };
    }
}

/// A stream that left HTTP, as long as it is open.
struct Upgraded {
    tasks: Weak<Mutex<Tasks>>,
    _place: Place,
}

impl Drop for Upgraded {
    fn drop(&mut self) {
        if let Some(tasks) = self.tasks.upgrade() {
            lock(&tasks).upgraded -= 1;
        }
    }
}

fn lock(tasks: &Mutex<Tasks>) -> MutexGuard<'_, Tasks> {
    tasks.lock().unwrap_or_else(PoisonError::into_inner)
}
