use std::fmt;
use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;
use http::{Extensions, StatusCode};
use tower_layer::Layer;
use tower_service::Service;

use super::branch::{Branch, Detour, Map, PathBaseStage};
use super::errors::ErrorMapper;
use super::stage::{FnStage, LayerStage, Stage};
use super::terminal::{FnTerminal, IntoApplication};
use super::{IntoResponse, Next, StageNames};
use crate::body::BoxError;
use crate::contract::{App, Request};
use crate::features::{Features, PathBase};

/// Builds a pipeline, stage by stage, in the order in which a request meets them.
///
/// It has no type parameters and is passed by value, so `if`, `for`, and functions from builder to
/// builder work:
///
/// ```
/// use transom::ApplicationBuilder;
/// use tower_http::request_id::{MakeRequestUuid, SetRequestIdLayer};
///
/// fn identified(app: ApplicationBuilder, on: bool) -> ApplicationBuilder {
///     if on { app.layer(SetRequestIdLayer::x_request_id(MakeRequestUuid)) } else { app }
/// }
///
/// let app = identified(ApplicationBuilder::new(), true).run_fn(|_| async { "hello" });
/// assert_eq!(format!("{app:?}"), "[layer SetRequestIdLayer, run_fn]");
/// ```
///
/// See the [module](super) for the choice of verb.
#[doc(alias = "IApplicationBuilder")]
#[must_use = "a pipeline is built by `run`, `run_fn` or `build`"]
pub struct ApplicationBuilder {
    stages: Vec<Stage>,
    server_features: Arc<Features>,
    properties: Extensions,
    errors: ErrorMapper,
    names: StageNames,
}

impl ApplicationBuilder {
    /// Returns a builder for no server in particular; a host hands out one for its servers.
    pub fn new() -> Self {
        Self {
            stages: Vec::new(),
            server_features: Arc::default(),
            properties: Extensions::new(),
            errors: ErrorMapper::default(),
            names: StageNames::default(),
        }
    }

    /// As [`new`](Self::new), with another mapping of errors to responses than the
    /// [default](super#errors) for every stage, branches included.
    pub fn with_error_mapper<R: IntoResponse>(
        map: impl Fn(BoxError) -> R + Send + Sync + 'static,
    ) -> Self {
        Self {
            errors: ErrorMapper::new(map),
            ..Self::new()
        }
    }

    /// Sets what [`server_features`](Self::server_features) returns; for hosts.
    pub fn with_server_features(self, features: Arc<Features>) -> Self {
        Self {
            server_features: features,
            ..self
        }
    }

    /// Returns the features of the server that the pipeline is built for: its bound addresses, say.
    #[doc(alias = "ServerFeatures")]
    pub fn server_features(&self) -> &Features {
        &self.server_features
    }

    /// Returns what stages tell each other while the pipeline is built, found by type. A branch begins
    /// with a copy.
    pub fn properties(&self) -> &Extensions {
        &self.properties
    }

    /// As [`properties`](Self::properties), to add to.
    pub fn properties_mut(&mut self) -> &mut Extensions {
        &mut self.properties
    }

    /// Returns the names of the stages, to be read as soon as the pipeline is built: for middleware that shows
    /// them.
    pub fn stage_names(&self) -> StageNames {
        self.names.clone()
    }

    /// Adds a tower layer. An error of its service becomes a response, see [the module](super#errors).
    #[doc(alias = "Use")]
    #[doc(alias = "UseMiddleware")]
    pub fn layer<L, B>(self, layer: L) -> Self
    where
        L: Layer<Next> + Send + 'static,
        L::Service: Service<Request, Response = http::Response<B>, Error: Into<BoxError>, Future: Send>
            + Clone
            + Send
            + Sync
            + 'static,
        B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        let errors = self.errors.clone();
        self.stage(LayerStage::stage(layer, errors))
    }

    /// As [`layer`](Self::layer), with a mapping of its own for the errors of this one layer.
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use std::time::Duration;
    /// use http::StatusCode;
    /// use tower::timeout::TimeoutLayer;
    /// use transom::{Application, ApplicationBuilder, Request};
    ///
    /// let app = ApplicationBuilder::new()
    ///     .layer_with(TimeoutLayer::new(Duration::from_millis(1)), |_| StatusCode::IM_A_TEAPOT)
    ///     .run_fn(|_| std::future::pending::<StatusCode>());
    /// assert_eq!(app.call(Request::default()).await.status(), StatusCode::IM_A_TEAPOT);
    /// # });
    /// # Ok::<_, std::io::Error>(())
    /// ```
    pub fn layer_with<L, B, R>(
        self,
        layer: L,
        map: impl Fn(BoxError) -> R + Send + Sync + 'static,
    ) -> Self
    where
        L: Layer<Next> + Send + 'static,
        L::Service: Service<Request, Response = http::Response<B>, Error: Into<BoxError>, Future: Send>
            + Clone
            + Send
            + Sync
            + 'static,
        B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
        R: IntoResponse,
    {
        self.stage(LayerStage::stage(layer, ErrorMapper::new(map)))
    }

    /// Adds a function around the rest of the pipeline, which it calls with [`Next::run`], or not.
    #[doc(alias = "Use")]
    pub fn use_fn<F, Answer, R>(self, f: F) -> Self
    where
        F: Fn(Request, Next) -> Answer + Send + Sync + 'static,
        Answer: Future<Output = R> + Send + 'static,
        R: IntoResponse,
    {
        self.stage(FnStage::stage(f))
    }

    /// Adds a branch for the requests whose path begins with `path`, and does not come back from it.
    ///
    /// Whole segments match, ASCII case ignored and percent-encoding compared as it is: `/a` matches `/a`,
    /// `/a/` and `/A/b`, not `/ab` or `/%61`. What matched moves, in the request's own spelling, from the URI to the end of [`PathBase`]. An empty
    /// `path` matches every request. The branch is built at once, and ends by itself: with 404 unless it
    /// says otherwise.
    ///
    /// # Panics
    ///
    /// Panics if `path` is neither empty nor begins with `/`, or ends with `/`.
    #[doc(alias = "Map")]
    #[track_caller]
    pub fn map(self, path: &str, branch: impl FnOnce(Self) -> App) -> Self {
        assert!(
            !path.ends_with('/'),
            "the path of a branch must not end with `/`, but `{path}` does"
        );
        let path = expect_path(path);
        let branch = branch(self.branch());
        self.stage(Map::stage(path, branch))
    }

    /// Adds a branch for the requests that pass a test, and does not come back from it. The path stays.
    #[doc(alias = "MapWhen")]
    pub fn map_when(
        self,
        test: impl Fn(&Request) -> bool + Send + Sync + 'static,
        branch: impl FnOnce(Self) -> App,
    ) -> Self {
        let branch = branch(self.branch());
        self.stage(Branch::stage(test, branch))
    }

    /// Adds a detour for the requests that pass a test: stages that rejoin the pipeline at their end.
    #[doc(alias = "UseWhen")]
    pub fn use_when(
        self,
        test: impl Fn(&Request) -> bool + Send + Sync + 'static,
        detour: impl FnOnce(Self) -> Self,
    ) -> Self {
        let detour = detour(self.branch());
        self.stage(Detour::stage(test, detour.stages))
    }

    /// Takes `path` off the URI of the requests that begin with it, and adds it to [`PathBase`]; others
    /// pass unchanged. Slashes at its end do not count; an empty path adds no stage.
    ///
    /// # Panics
    ///
    /// Panics if `path` does not begin with `/`.
    #[doc(alias = "UsePathBase")]
    #[track_caller]
    pub fn use_path_base(self, path: &str) -> Self {
        let path = expect_path(path);
        if path.as_str().is_empty() {
            return self;
        }
        self.stage(PathBaseStage::stage(path))
    }

    /// Ends the pipeline with an application, or a tower service: an axum `Router`, tonic's `Routes`,
    /// `tower::service_fn`.
    #[doc(alias = "Run")]
    pub fn run<Kind>(self, end: impl IntoApplication<Kind>) -> App {
        let errors = self.errors.clone();
        let end = Next::new(end.into_application(errors));
        self.end(end)
    }

    /// Ends the pipeline with a function.
    #[doc(alias = "Run")]
    pub fn run_fn<F, Answer, R>(self, f: F) -> App
    where
        F: Fn(Request) -> Answer + Send + Sync + 'static,
        Answer: Future<Output = R> + Send + 'static,
        R: IntoResponse,
    {
        let end = Next::new(FnTerminal::app("run_fn", f));
        self.end(end)
    }

    /// Ends the pipeline with 404: nobody answered.
    #[doc(alias = "Build")]
    pub fn build(self) -> App {
        let not_found = |_| async { StatusCode::NOT_FOUND };
        let end = Next::new(FnTerminal::app("404", not_found));
        self.end(end)
    }

    fn end(self, end: Next) -> App {
        let head = Stage::build(self.stages, end);
        self.names.fill(head.own_labels());
        head.into_app()
    }

    fn stage(mut self, stage: Stage) -> Self {
        self.stages.push(stage);
        self
    }

    /// Returns the builder of a branch: no stages, and copies of everything else.
    pub(crate) fn branch(&self) -> Self {
        Self {
            stages: Vec::new(),
            server_features: Arc::clone(&self.server_features),
            properties: self.properties.clone(),
            errors: self.errors.clone(),
            names: StageNames::default(),
        }
    }
}

#[track_caller]
fn expect_path(path: &str) -> PathBase {
    match PathBase::new(path) {
        Ok(path) => path,
        Err(error) => panic!("{error}"),
    }
}

impl Default for ApplicationBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for ApplicationBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.stages).finish()
    }
}
