use std::fmt;
use std::sync::Arc;

use tokio::task::JoinSet;

use super::options::Options;
use super::supervisor::{BoxSignal, Manner, Supervisor};
use super::{HostBuilder, HostLifetime, HostServers, RunningHost, Stopper, urls};
use crate::contract::{App, BoundServer, BoxServer, Error, Server};
use crate::features::{Features, ServerAddresses};

/// Servers and the pipeline that they serve, not started yet.
///
/// ```no_run
/// # async fn example() -> Result<(), transom::Error> {
/// use http::StatusCode;
/// use transom::{Host, HyperServer};
///
/// Host::builder(HyperServer::new("http://127.0.0.1:5000"))
///     .configure(|app| {
///         app.map("/health", |health| health.run_fn(|_| async { StatusCode::OK }))
///             .run_fn(|_| async { "hello" })
///     })
///     .run()
///     .await
/// # }
/// ```
///
/// The [module](super#order) says what happens in which order.
#[doc(alias = "IHost")]
#[doc(alias = "WebApplication")]
#[must_use = "a host does nothing until `run` or `start`"]
pub struct Host {
    pub(super) servers: Vec<BoxServer>,
    pub(super) pipeline: Pipeline,
    pub(super) options: Options,
    pub(super) shutdown_signal: Option<BoxSignal>,
}

/// Builds the pipeline from the features of the host.
pub(super) type Pipeline = Box<dyn FnOnce(Arc<Features>) -> Result<App, Error> + Send>;

impl Host {
    /// Begins a host with its first server.
    pub fn builder(server: impl Server) -> HostBuilder {
        HostBuilder::new(server.boxed())
    }

    /// Begins a host with the server that the settings name, or else the first, and applies the settings.
    ///
    /// ```
    /// use transom::{Host, HyperServer, testing::TestServer};
    /// use transom::hosting::{Servers, SettingsSources};
    ///
    /// let settings = SettingsSources::new().with_command_line(["--server=memory"]).load()?;
    /// let servers = Servers::new()
    ///     .with("hyper", HyperServer::default)
    ///     .with("memory", TestServer::new);
    /// let host = Host::choose(&servers, settings)?.configure(|app| app.run_fn(|_| async { "hello" }));
    /// # Ok::<_, transom::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::is_configuration`] when there is no server of that name; it lists those that there are.
    #[cfg(feature = "settings")]
    pub fn choose(
        servers: &super::Servers,
        settings: super::Settings,
    ) -> Result<HostBuilder, Error> {
        let server = servers.choose(settings.server())?;
        Ok(HostBuilder::new(server).with_settings(settings))
    }

    /// Starts, serves until it is asked to stop or a server fails, and stops.
    ///
    /// With the feature `signals`, unless there is a
    /// [`with_shutdown_signal`](HostBuilder::with_shutdown_signal), SIGINT and SIGTERM (elsewhere Ctrl+C)
    /// are the request; a second one aborts what is in flight. From the first call on, these signals
    /// do not end the process by themselves any more.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start) and [`RunningHost::wait`]. Returned from `main` through
    /// [`exit`](super::exit), the error is one line.
    ///
    /// # Panics
    ///
    /// Panics outside of a tokio runtime that has I/O and time enabled.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future aborts everything at once.
    #[doc(alias = "RunAsync")]
    pub async fn run(self) -> Result<(), Error> {
        #[cfg(feature = "signals")]
        if self.shutdown_signal.is_none() {
            let mut signals = super::signals::Signals::listen()?;
            let running = tokio::select! {
                // Once it serves it stops in the proper order.
                biased;
                started = self.start() => started?,
                name = signals.next() => {
                    tracing::info!(target: "transom::hosting", "Received {name} before the start was complete");
                    return Ok(());
                }
            };
            let stopper = running.stopper();
            return tokio::select! {
                result = running.wait() => result,
                never = signals.rule(&stopper) => match never {},
            };
        }
        self.start().await?.wait().await
    }

    /// Starts, and returns once every server serves. Signals stay as they are.
    ///
    /// # Errors
    ///
    /// [`Error::is_bind`] when an address is not to be had, [`Error::is_configuration`] when what was
    /// asked for is wrong, or whatever [`try_configure`](HostBuilder::try_configure) returned. Then nothing
    /// was served, and nothing is left bound.
    ///
    /// # Panics
    ///
    /// Panics outside of a tokio runtime that has I/O and time enabled; and if the function given to
    /// [`configure`](HostBuilder::configure) does.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future releases what was bound.
    #[doc(alias = "StartAsync")]
    pub async fn start(mut self) -> Result<RunningHost, Error> {
        let options = self.options;
        for warning in &options.warnings {
            tracing::warn!(target: "transom::hosting", "{warning}");
        }
        let manner = Manner {
            delay: options.shutdown_delay(),
            grace: options.shutdown_timeout(),
            shows_status_messages: options.shows_status_messages(),
        };
        let shows = manner.shows_status_messages;
        let prefer = options.prefer_hosting_urls.unwrap_or(false);
        match options.assigned_urls.is_empty() {
            true => urls::assign(&mut self.servers, options.urls, prefer)?,
            false => urls::impose(&mut self.servers, options.assigned_urls, &options.urls)?,
        }

        let mut bound = Vec::with_capacity(self.servers.len());
        for server in self.servers {
            let server = server.bind().await?;
            let features = Arc::new(server.features().clone());
            bound.push((server, features));
        }

        let servers: Vec<_> = bound.iter().map(|(_, own)| Arc::clone(own)).collect();
        let (lifetime, stopper) = (HostLifetime::default(), Stopper::default());
        let environment = options.environment.unwrap_or_default();
        let mut features = host_features(&servers);
        features.insert(HostServers::new(&servers));
        features.insert(lifetime.clone());
        features.insert(stopper.clone());
        features.insert(environment.clone());
        let addresses = match features.get::<ServerAddresses>() {
            Some(addresses) => addresses.bound(),
            None => Vec::new(),
        };
        let app = (self.pipeline)(Arc::new(features))?;
        tracing::debug!(target: "transom::hosting", pipeline = ?app, "The pipeline is built");

        let (ended, ending) = (stopper.clone(), lifetime.clone());
        let serving = Supervisor::serve(bound, &app, ended, ending, manner);
        if shows {
            for address in &addresses {
                tracing::info!(target: "transom::hosting", "Now listening on: {address}");
            }
        }
        lifetime.start();
        if shows {
            tracing::info!(target: "transom::hosting", "Application started. Press Ctrl+C to shut down.");
            tracing::info!(target: "transom::hosting", "Hosting environment: {environment}");
        }
        let mut supervisor = JoinSet::new();
        #[cfg(all(feature = "systemd", target_os = "linux"))]
        let serving = match options.service_manager {
            Some(manager) => {
                manager.ready(&addresses);
                serving.with_service_manager(manager)
            }
            None => serving,
        };
        supervisor.spawn(serving.run(self.shutdown_signal));
        Ok(RunningHost {
            supervisor,
            addresses,
            servers,
            lifetime,
            stopper,
        })
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host")
            .field("servers", &self.servers)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// The first server's features, and the addresses of all.
fn host_features(servers: &[Arc<Features>]) -> Features {
    let mut features = match servers.first() {
        Some(first) => Features::scope(Arc::clone(first)),
        None => Features::new(),
    };
    let addresses = servers
        .iter()
        .filter_map(|server| server.get::<ServerAddresses>());
    if let Some(union) = addresses.cloned().reduce(|all, next| all.union(&next)) {
        features.insert(union);
    }
    features
}
