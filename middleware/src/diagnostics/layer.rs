use std::error::Error;
use std::fmt;
use std::future::{Future, ready};
use std::sync::Arc;

use http::Request;
use http::uri::PathAndQuery;
use tower_layer::Layer;
use transom::ApplicationBuilder;
use transom::hosting::{HostEnvironment, HostLifetime, HostServers};
use transom::pipeline::StageNames;

use super::Diagnostics;
use super::guard::Guard;

/// Shows how the host, its servers and its pipeline are. See the [module](super).
#[derive(Clone, Debug)]
pub struct DiagnosticsLayer {
    path: Arc<str>,
    guard: Option<Guard>,
    source: Source,
}

/// Where it is known from.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) environment: Option<HostEnvironment>,
    pub(super) lifetime: Option<HostLifetime>,
    pub(super) servers: Option<HostServers>,
    pub(super) stages: StageNames,
}

/// What is shown, where, and to whom.
#[derive(Debug)]
pub(super) struct Options {
    pub(super) path: Arc<str>,
    /// `None` where everybody may see it.
    pub(super) guard: Option<Guard>,
    pub(super) source: Source,
}

impl DiagnosticsLayer {
    /// Shows this pipeline, and the host that it is built for: at `/diagnostics`, in `Development` alone.
    pub fn of(app: &ApplicationBuilder) -> Self {
        let host = app.server_features();
        Self {
            path: "/diagnostics".into(),
            guard: None,
            source: Source {
                environment: host.get().cloned(),
                lifetime: host.get().cloned(),
                servers: host.get().cloned(),
                stages: app.stage_names(),
            },
        }
    }

    /// Sets the path. `/diagnostics` by default.
    ///
    /// # Errors
    ///
    /// It is no path.
    pub fn with_path(mut self, path: &str) -> Result<Self, InvalidDiagnosticsPath> {
        let valid = path.starts_with('/')
            && !path.contains(['?', '#'])
            && path.parse::<PathAndQuery>().is_ok();
        if !valid {
            return Err(InvalidDiagnosticsPath(path.into()));
        }
        self.path = path.into();
        Ok(self)
    }

    /// Shows it in every environment, `Development` included, to the requests that pass a test, and to no others: those
    /// of an administrator, or from this machine. [Never let everybody pass](super#never-for-everybody).
    ///
    /// The test sees the head of the request, with what the layers before this one made of it.
    #[must_use]
    pub fn guarded_by(self, test: impl Fn(&Request<()>) -> bool + Send + Sync + 'static) -> Self {
        self.guarded_by_async(move |head| ready(test(&head)))
    }

    /// As [`guarded_by`](Self::guarded_by), with a test that has to ask elsewhere.
    ///
    /// ```
    /// # use transom::{ApplicationBuilder, testing::TestServer};
    /// use transom_middleware::diagnostics::DiagnosticsLayer;
    ///
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// let (answer, asked) = tokio::sync::watch::channel(false);
    /// let app = ApplicationBuilder::new();
    /// let diagnostics = DiagnosticsLayer::of(&app).guarded_by_async(move |_request| {
    ///     let asked = asked.clone();
    ///     async move { *asked.borrow() }
    /// });
    /// let client = TestServer::new().start(app.layer(diagnostics).build()).await?;
    /// assert_eq!(client.get("/diagnostics").await?.status(), 404);
    /// answer.send(true)?;
    /// assert_eq!(client.get("/diagnostics").await?.status(), 200);
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn guarded_by_async<F, Answer>(mut self, test: F) -> Self
    where
        F: Fn(Request<()>) -> Answer + Send + Sync + 'static,
        Answer: Future<Output = bool> + Send + 'static,
    {
        self.guard = Some(Guard::new(test));
        self
    }
}

impl<S> Layer<S> for DiagnosticsLayer {
    type Service = Diagnostics<S>;

    fn layer(&self, inner: S) -> Diagnostics<S> {
        let environment = self.source.environment.as_ref();
        let is_open = environment.is_some_and(HostEnvironment::is_development);
        let options = || Options {
            path: Arc::clone(&self.path),
            guard: self.guard.clone(),
            source: self.source.clone(),
        };
        let is_there = is_open || self.guard.is_some();
        Diagnostics::new(inner, is_there.then(|| Arc::new(options())))
    }
}

/// The path of the diagnostics is malformed; see [`DiagnosticsLayer::with_path`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidDiagnosticsPath(String);

impl fmt::Display for InvalidDiagnosticsPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is not the path of a page: write it like `/diagnostics`",
            self.0
        )
    }
}

impl Error for InvalidDiagnosticsPath {}
