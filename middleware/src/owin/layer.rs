use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use tower_layer::Layer;
use tower_service::Service;
use transom::Body;
use transom::body::BoxError;

use super::{AppFunc, Environment, OwinService};

/// Runs OWIN middleware around a service. See the [module](super).
#[doc(alias = "UseOwin")]
#[derive(Clone, Default)]
pub struct OwinLayer {
    components: Vec<Component>,
}

type Component = Arc<dyn Fn(AppFunc) -> AppFunc + Send + Sync>;

impl OwinLayer {
    /// Returns a layer without middleware.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds middleware after what was added before. It is called once for each service that is made, with what comes
    /// after it.
    #[must_use]
    pub fn with(mut self, middleware: impl Fn(AppFunc) -> AppFunc + Send + Sync + 'static) -> Self {
        self.components.push(Arc::new(middleware));
        self
    }
}

impl<S, B> Layer<S> for OwinLayer
where
    S: Service<Request<Body>, Response = Response<B>, Error: Into<BoxError>, Future: Send>
        + Clone
        + Send
        + Sync
        + 'static,
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    type Service = OwinService;

    fn layer(&self, inner: S) -> OwinService {
        let components = self.components.iter().rev();
        let chain = components.fold(exit(inner), |next, component| component(next));
        OwinService::new(chain)
    }
}

/// The end of the chain: the service itself, whose response becomes that of the environment.
fn exit<S, B>(inner: S) -> AppFunc
where
    S: Service<Request<Body>, Response = Response<B>, Error: Into<BoxError>, Future: Send>
        + Clone
        + Send
        + Sync
        + 'static,
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    AppFunc::new(move |environment: Environment| {
        let mut inner = inner.clone();
        async move {
            let request = environment.to_request()?;
            let ready = poll_fn(|cx| inner.poll_ready(cx)).await;
            ready.map_err(Into::into)?;
            let response = inner.call(request).await.map_err(Into::into)?;
            environment.send_response(response).await
        }
    })
}

impl fmt::Debug for OwinLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OwinLayer({} components)", self.components.len())
    }
}
