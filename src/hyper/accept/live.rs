use std::fmt;

use futures_channel::{mpsc, oneshot};

use crate::contract::Error;
use crate::features::Feature;
use crate::hyper::{Endpoint, Limits};

/// The endpoints of a [`HyperServer`](crate::HyperServer), to be changed while it serves: a feature of the
/// server.
///
/// An endpoint that is removed accepts nothing more from then on; its connections are told to end, answer
/// what they have begun, and are aborted after 5 s. One that takes the place of another at the same address,
/// with the same options of its sockets, takes over the sockets too: no client is refused meanwhile. The
/// others do not notice.
///
/// A change that is asked for before the server serves waits until it does.
///
/// ```
/// use transom::features::ServerAddresses;
/// use transom::hyper::{Endpoint, LiveEndpoints};
/// use transom::{Host, HyperServer};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let server = HyperServer::default().with_endpoint(Endpoint::new("http://127.0.0.1:0").with_name("one"));
/// let host = Host::builder(server).configure(|app| app.run_fn(|_| async { "hello" })).start().await?;
/// let features = host.server_features().next().unwrap();
///
/// let endpoints = features.require::<LiveEndpoints>()?;
/// endpoints.add(Endpoint::new("http://127.0.0.1:0").with_name("two")).await?;
/// assert_eq!(features.require::<ServerAddresses>()?.bound().len(), 2);
///
/// endpoints.remove("one").await?;
/// assert_eq!(features.require::<ServerAddresses>()?.bound().len(), 1);
/// assert!(endpoints.remove("one").await.unwrap_err().is_configuration());
/// host.stop().await?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct LiveEndpoints(mpsc::UnboundedSender<Change>);

/// The changes that were asked for.
pub(in crate::hyper) type Changes = mpsc::UnboundedReceiver<Change>;

/// Endpoints to remove, by name, and then to add.
pub(in crate::hyper) struct Change {
    pub(in crate::hyper) remove: Vec<String>,
    pub(in crate::hyper) add: Vec<Endpoint>,
    /// What clients may take from now on, if that changes.
    pub(in crate::hyper) limits: Option<Limits>,
    /// Gets what went wrong.
    pub(in crate::hyper) done: oneshot::Sender<Vec<Error>>,
}

/// Returns the two ends of what changes a server.
pub(in crate::hyper) fn changes() -> (LiveEndpoints, Changes) {
    let (sender, changes) = mpsc::unbounded();
    (LiveEndpoints(sender), changes)
}

impl LiveEndpoints {
    /// Adds an endpoint, and returns once connections to it are accepted.
    ///
    /// # Errors
    ///
    /// As [`HyperServer`](crate::HyperServer)'s [`bind`](crate::Server::bind); [`Error::is_configuration`] if
    /// there is one of the name already; [`Error::is_serve`] if the server has stopped.
    ///
    /// # Cancel safety
    ///
    /// The endpoint is added even if the future is dropped, once it was polled.
    pub async fn add(&self, endpoint: Endpoint) -> Result<(), Error> {
        first(self.change(Vec::new(), vec![endpoint]).await)
    }

    /// Removes the endpoint of a name, and returns once its addresses are free. Its connections end later.
    ///
    /// # Errors
    ///
    /// [`Error::is_configuration`] if there is none of the name; [`Error::is_serve`] if the server has
    /// stopped.
    ///
    /// # Cancel safety
    ///
    /// The endpoint is removed even if the future is dropped, once it was polled.
    pub async fn remove(&self, name: &str) -> Result<(), Error> {
        first(self.change(vec![name.to_owned()], Vec::new()).await)
    }

    /// Removes endpoints by their names, and adds others, of the same names if need be. What cannot be done
    /// is left out, and the rest is done.
    ///
    /// # Errors
    ///
    /// One for each endpoint that could not be removed or added, as of [`remove`](Self::remove) and
    /// [`add`](Self::add).
    ///
    /// # Cancel safety
    ///
    /// All is done even if the future is dropped, once it was polled.
    pub async fn change(&self, remove: Vec<String>, add: Vec<Endpoint>) -> Result<(), Vec<Error>> {
        self.apply(remove, add, None).await
    }

    /// As [`change`](Self::change), with what clients may take from then on.
    pub(in crate::hyper) async fn apply(
        &self,
        remove: Vec<String>,
        add: Vec<Endpoint>,
        limits: Option<Limits>,
    ) -> Result<(), Vec<Error>> {
        let (done, changed) = oneshot::channel();
        let change = Change {
            remove,
            add,
            limits,
            done,
        };
        let stopped = |_| vec![Error::serve("hyper", "it has stopped")];
        if self.0.unbounded_send(change).is_err() {
            return Err(stopped(oneshot::Canceled));
        }
        let errors = changed.await.unwrap_or_else(stopped);
        if errors.is_empty() {
            Ok(())
        } else {
            Err(errors)
        }
    }
}

impl Feature for LiveEndpoints {
    const NAME: &'static str = "server.endpoints";
}

impl fmt::Debug for LiveEndpoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LiveEndpoints")
    }
}

fn first(result: Result<(), Vec<Error>>) -> Result<(), Error> {
    match result.map_err(|errors| errors.into_iter().next()) {
        Err(Some(error)) => Err(error),
        _ => Ok(()),
    }
}
