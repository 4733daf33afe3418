use std::fmt;
use std::future::Future;
use std::time::Duration;

use super::HostEnvironment;
use super::host::Host;
use super::options::Options;
use super::supervisor::BoxSignal;
use crate::body::BoxError;
use crate::contract::{App, Application, BoxServer, Error, Server};
use crate::pipeline::{ApplicationBuilder, IntoResponse};

/// Options of a [`Host`], until it is told what to serve; made by [`Host::builder`].
///
/// What is given here are the defaults of the program: [`with_settings`](Self::with_settings) lets whoever
/// runs it say otherwise.
///
/// ```
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// use std::time::Duration;
/// use transom::{Host, HyperServer};
/// use transom::features::ServerAddresses;
///
/// let host = Host::builder(HyperServer::new("http://127.0.0.1:0"))
///     .with_server(HyperServer::new("http://127.0.0.1:0"))
///     .with_shutdown_timeout(Duration::from_secs(10))
///     .try_configure(|app| {
///         // The real ports of both, before anything is served.
///         let addresses = app.server_features().require::<ServerAddresses>()?.bound();
///         let list = format!("{} and {}", addresses[0], addresses[1]);
///         Ok(app.run_fn(move |_| std::future::ready(list.clone())))
///     });
/// let host = host.start().await?;
/// assert_eq!(host.addresses().len(), 2);
/// host.stop().await?;
/// # Ok::<_, transom::Error>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[doc(alias = "IHostBuilder")]
#[doc(alias = "WebApplicationBuilder")]
#[must_use = "a host is built by `configure`, `try_configure` or `serve`"]
pub struct HostBuilder {
    servers: Vec<BoxServer>,
    /// Makes the builder of the pipeline, with or without an error mapper of the program's.
    pipeline: Box<dyn FnOnce() -> ApplicationBuilder + Send>,
    defaults: Options,
    settings: Options,
    startup_filters: Vec<StartupFilter>,
    shutdown_signal: Option<BoxSignal>,
}

/// Adds stages before those of the program.
type StartupFilter = Box<dyn FnOnce(ApplicationBuilder) -> ApplicationBuilder + Send>;

impl HostBuilder {
    pub(super) fn new(server: BoxServer) -> Self {
        Self {
            servers: vec![server],
            pipeline: Box::new(ApplicationBuilder::new),
            defaults: Options::default(),
            settings: Options::default(),
            startup_filters: Vec::new(),
            shutdown_signal: None,
        }
    }

    /// Adds another server for the same pipeline. A request sees the features of its own server.
    pub fn with_server(mut self, another: impl Server) -> Self {
        self.servers.push(another.boxed());
        self
    }

    /// Sets what becomes of the errors of the pipeline's stages; see
    /// [`ApplicationBuilder::with_error_mapper`].
    pub fn with_error_mapper<R: IntoResponse>(
        self,
        map: impl Fn(BoxError) -> R + Send + Sync + 'static,
    ) -> Self {
        Self {
            pipeline: Box::new(|| ApplicationBuilder::with_error_mapper(map)),
            ..self
        }
    }

    /// Sets how long the servers may drain before what is left is aborted. 30 seconds by default.
    #[doc(alias = "ShutdownTimeout")]
    pub fn with_shutdown_timeout(mut self, grace: Duration) -> Self {
        self.defaults.shutdown_timeout = Some(grace);
        self
    }

    /// Sets how long a host that is asked to stop serves on as before, so that load balancers can hear of it: it is
    /// [stopping](super::HostLifetime::stopping) meanwhile, requests see
    /// [`ServerLifetime::is_stop_announced`](crate::features::ServerLifetime::is_stop_announced), and a readiness probe fails. Then the servers drain, for as long as the
    /// shutdown timeout. None by default. A server that fails, and [`Stopper::abort`](super::Stopper::abort), end it at once.
    pub fn with_shutdown_delay(mut self, delay: Duration) -> Self {
        self.defaults.shutdown_delay = Some(delay);
        self
    }

    /// Sets what stops the host, in [`run`](Host::run) and in [`start`](Host::start). By default `run`
    /// listens to SIGINT and SIGTERM, which this replaces.
    pub fn with_shutdown_signal(self, signal: impl Future<Output = ()> + Send + 'static) -> Self {
        Self {
            shutdown_signal: Some(Box::pin(signal)),
            ..self
        }
    }

    /// Sets the environment that the host runs in. `Production` by default.
    #[doc(alias = "UseEnvironment")]
    pub fn with_environment(mut self, name: impl Into<String>) -> Self {
        self.defaults.environment = Some(HostEnvironment::new(name.into()));
        self
    }

    /// Sets the addresses, separated by `;`, for the first server that takes addresses and has none of
    /// its own. A malformed one is an error when the host starts.
    #[doc(alias = "UseUrls")]
    pub fn with_urls(mut self, list: &str) -> Self {
        self.defaults.urls.clear();
        self.defaults.urls.add(list);
        self
    }

    /// Sets whether the host's addresses replace a server's own. `false` by default.
    #[doc(alias = "PreferHostingUrls")]
    pub fn with_prefer_hosting_urls(mut self, prefer: bool) -> Self {
        self.defaults.prefer_hosting_urls = Some(prefer);
        self
    }

    /// Sets the addresses, separated by `;`, that whoever started the process assigned to it and waits for it at: a
    /// process manager, such as IIS. They win over everything else, also over [`with_settings`](Self::with_settings)
    /// and over what the first server that takes addresses has of its own. None by default.
    ///
    /// A malformed one is an error when the host starts, and so it is when no server takes addresses.
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use transom::{Host, HyperServer, hosting::SettingsSources};
    ///
    /// let asked = SettingsSources::new().with_command_line(["--urls=http://[::1]:5000"]).load()?;
    /// let host = Host::builder(HyperServer::new("http://[::1]:5001"))
    ///     .with_settings(asked)
    ///     .with_assigned_urls("http://127.0.0.1:0")
    ///     .configure(|app| app.build())
    ///     .start()
    ///     .await?;
    /// assert!(host.addresses()[0].to_string().starts_with("http://127.0.0.1:"));
    /// host.stop().await?;
    /// # Ok::<_, transom::Error>(())
    /// # })?;
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_assigned_urls(mut self, list: &str) -> Self {
        self.defaults.assigned_urls.clear();
        self.defaults.assigned_urls.add(list);
        self
    }

    /// Adds stages that every request meets before those of the program, whatever way the host is ended by:
    /// for what prepares a program for where it runs. Several stand in the order in which they were added.
    ///
    /// The function is called once, before that of [`configure`](Self::configure), with the same
    /// [`server_features`](ApplicationBuilder::server_features); what it adds to the
    /// [`properties`](ApplicationBuilder::properties) is there for the program.
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use transom::testing::{TestClient, TestServer};
    /// use transom::{Host, Request};
    ///
    /// let host = Host::builder(TestServer::new())
    ///     .with_startup_filter(|app| app.use_path_base("/shop"))
    ///     .configure(|app| app.run_fn(|request: Request| async move { request.uri().to_string() }))
    ///     .start()
    ///     .await?;
    /// let client = host.server_features().next().unwrap().require::<TestClient>()?.clone();
    /// assert_eq!(client.get("/shop/cart").await?.into_body().collect(64).await?, "/cart");
    /// host.stop().await?;
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "IStartupFilter")]
    pub fn with_startup_filter(
        mut self,
        filter: impl FnOnce(ApplicationBuilder) -> ApplicationBuilder + Send + 'static,
    ) -> Self {
        self.startup_filters.push(Box::new(filter));
        self
    }

    /// Sets whether to log nothing of a start and a stop that go well. `false` by default.
    #[doc(alias = "SuppressStatusMessages")]
    pub fn with_suppress_status_messages(mut self, suppress: bool) -> Self {
        self.defaults.suppress_status_messages = Some(suppress);
        self
    }

    /// Tells systemd how far the host is, if it was started by it as a service of `Type=notify`: READY once every
    /// server serves, RELOADING while one takes in a configuration that changed
    /// ([`ServerReload`](crate::features::ServerReload)), STOPPING when it begins to stop, a line for `systemctl status`, and with `WatchdogSec=` that
    /// it is alive, from a task of the host: a runtime that is stuck does not say so. Started otherwise, it tells
    /// nobody. `examples/deploy/systemd` has the units.
    ///
    /// `NOTIFY_SOCKET` stays among the variables of the process, for to remove one is not safe beside other
    /// threads; what children send there systemd ignores (`NotifyAccess=main`, the default).
    #[cfg(all(feature = "systemd", target_os = "linux"))]
    #[doc(alias = "UseSystemd")]
    pub fn with_systemd(mut self) -> Self {
        self.defaults.service_manager = super::systemd::ServiceManager::find();
        self
    }

    /// Applies what whoever runs the program says; it wins over what the program gave this builder, in
    /// whatever order. Which server it names counts only in [`Host::choose`].
    #[cfg(feature = "settings")]
    pub fn with_settings(self, settings: super::Settings) -> Self {
        Self {
            settings: settings.into_options(),
            ..self
        }
    }

    /// Ends with a pipeline that is built once, when every server is bound.
    ///
    /// [`ApplicationBuilder::server_features`] are then the first server's, with the addresses of all, and
    /// the host's own: [`HostServers`](super::HostServers), [`HostLifetime`](super::HostLifetime),
    /// [`Stopper`](super::Stopper), [`HostEnvironment`].
    #[doc(alias = "Configure")]
    pub fn configure(
        self,
        configure: impl FnOnce(ApplicationBuilder) -> App + Send + 'static,
    ) -> Host {
        self.try_configure(|app| Ok(configure(app)))
    }

    /// As [`configure`](Self::configure), with a function that may fail: then the host starts nothing.
    pub fn try_configure(
        self,
        configure: impl FnOnce(ApplicationBuilder) -> Result<App, Error> + Send + 'static,
    ) -> Host {
        let (pipeline, filters) = (self.pipeline, self.startup_filters);
        Host {
            servers: self.servers,
            pipeline: Box::new(|features| {
                let app = pipeline().with_server_features(features);
                if filters.is_empty() {
                    return configure(app);
                }
                // The program gets a builder of its own, so that no way to end it can lose these stages.
                let filtered = filters.into_iter().fold(app, |app, filter| filter(app));
                let app = configure(filtered.branch())?;
                Ok(filtered.run(app))
            }),
            options: self.settings.or(self.defaults),
            shutdown_signal: self.shutdown_signal,
        }
    }

    /// Ends with an application that is there already.
    pub fn serve(self, app: impl Application) -> Host {
        let app = App::new(app);
        self.configure(|_| app)
    }
}

impl fmt::Debug for HostBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostBuilder")
            .field("servers", &self.servers)
            .field("defaults", &self.defaults)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
