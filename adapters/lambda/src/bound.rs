use std::convert::Infallible;
use std::fmt;
use std::future::pending;
use std::pin::pin;

use futures_util::StreamExt;
use futures_util::future::{Either, select};
use futures_util::stream::FuturesUnordered;
use http::HeaderValue;
use transom::adapter::{Dispatcher, HostRuntime};
use transom::{Application, BoundServer, Error, Features, Shutdown};

use crate::environment::is_snapstart;
use crate::runtime_api::{Failed, Link, RuntimeApi};
use crate::server::Options;
use crate::worker::Worker;

/// A [`LambdaServer`](crate::LambdaServer) that knows where its requests come from, and has asked for none yet.
pub struct BoundLambdaServer {
    pub(crate) api: RuntimeApi,
    pub(crate) concurrency: usize,
    pub(crate) options: Options,
    pub(crate) features: Features,
}

/// By AWS's own rule the name of an internal extension is any that no other of the function has.
const EXTENSION: &str = "transom-shutdown-signal";

impl BoundServer for BoundLambdaServer {
    fn features(&self) -> &Features {
        &self.features
    }

    /// Asks for invocations and answers them, until `shutdown` is requested and those that were begun are
    /// answered.
    ///
    /// # Panics
    ///
    /// Panics when it is polled outside of a tokio runtime.
    async fn serve<A: Application>(self, app: A, shutdown: Shutdown) -> Result<(), Error> {
        let Self {
            api,
            concurrency,
            options,
            features,
        } = self;
        let mut dispatcher = Dispatcher::new(app, features, &shutdown);
        if let Some(limit) = options.max_request_body_size {
            dispatcher = dispatcher.with_max_request_body_size(limit);
        }
        let waiting = match select(pin!(prepare(&api, options)), pin!(shutdown.requested())).await {
            Either::Left((prepared, _)) => prepared.map_err(failed)?,
            Either::Right(_) => return Ok(()),
        };
        let worker = Worker::new(Link::new(api), dispatcher, shutdown, options);
        let idle = async {
            if let Some((mut link, extension)) = waiting {
                // It wants no events, so none comes: to wait is what makes it count as ready.
                let _ = link.next_of_extension(extension).await;
            }
            pending::<Infallible>().await
        };
        match select(pin!(work(worker, concurrency)), pin!(idle)).await {
            Either::Left((worked, _)) => worked.map_err(failed),
            Either::Right((never, _)) => match never {},
        }
    }
}

impl fmt::Debug for BoundLambdaServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BoundLambdaServer")
            .field("runtime_api", &self.api.to_string())
            .field("concurrency", &self.concurrency)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// Does what has to be done before the first invocation is asked for, which ends the phase for it.
async fn prepare(
    api: &RuntimeApi,
    options: Options,
) -> Result<Option<(Link, HeaderValue)>, Failed> {
    if is_snapstart() {
        Link::new(api.clone()).restored().await?;
    }
    if !options.extension {
        return Ok(None);
    }
    let mut link = Link::new(api.clone());
    let extension = link.register_extension(EXTENSION).await?;
    Ok(Some((link, extension)))
}

/// Lets as many workers work as invocations may run at a time.
async fn work<A: Application>(worker: Worker<A>, concurrency: usize) -> Result<(), Failed> {
    if concurrency == 1 {
        return worker.work().await;
    }
    // Tasks, so that an application which blocks its thread holds up no other invocation.
    let runtime = HostRuntime::current();
    let mut workers: FuturesUnordered<_> = (0..concurrency)
        .map(|_| runtime.spawn(worker.another().work()))
        .collect();
    drop(worker);
    while let Some(ended) = workers.next().await {
        // `None` is a runtime that ends.
        ended.unwrap_or(Ok(()))?;
    }
    Ok(())
}

fn failed(error: Failed) -> Error {
    Error::serve("lambda", error)
}
