use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use transom::{App, BoxServer, Server};

use crate::running::Running;
use crate::{Edge, Failure, Manifest, ManifestError, Outcome};

/// A server that is held to the contract: how to start it, and what it says that it can do.
#[derive(Clone)]
pub struct Target {
    manifest: Manifest,
    start: Arc<dyn Fn() -> BoxServer + Send + Sync>,
    /// Binds the server as it is, and lets it serve.
    unerased: Arc<dyn Fn(App) -> Starting + Send + Sync>,
    at_the_edge: Option<AtTheEdge>,
}

type AtTheEdge = Arc<dyn Fn(&Edge) -> BoxServer + Send + Sync>;
type Starting = Pin<Box<dyn Future<Output = Outcome<Running>> + Send>>;

impl Target {
    /// Returns a target. `start` makes a server that is not bound yet and takes a free port, or no address
    /// at all; it is called many times.
    ///
    /// # Errors
    ///
    /// The manifest is malformed.
    pub fn new<S: Server>(
        manifest: &str,
        start: impl Fn() -> S + Send + Sync + 'static,
    ) -> Result<Self, ManifestError> {
        let start = Arc::new(start);
        let unerased = Arc::clone(&start);
        Ok(Self {
            manifest: Manifest::parse(manifest)?,
            start: Arc::new(move || start().boxed()),
            unerased: Arc::new(move |app| Box::pin(Running::start(unerased(), app))),
            at_the_edge: None,
        })
    }

    /// Sets how to make a server that holds its clients to some limits, as `start` of [`new`](Self::new) makes
    /// one; for a server that has the capability `edge`.
    #[must_use]
    pub fn with_edge<S: Server>(
        mut self,
        start: impl Fn(&Edge) -> S + Send + Sync + 'static,
    ) -> Self {
        self.at_the_edge = Some(Arc::new(move |edge| start(edge).boxed()));
        self
    }

    /// Returns what the server says that it can do.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Returns a server that is not bound yet.
    pub fn server(&self) -> BoxServer {
        (self.start)()
    }

    /// Binds a server and lets it serve.
    pub(crate) async fn start(&self, app: App) -> Outcome<Running> {
        Running::start(self.server(), app).await
    }

    /// As [`start`](Self::start), with limits.
    pub(crate) async fn start_at_the_edge(&self, edge: &Edge, app: App) -> Outcome<Running> {
        match &self.at_the_edge {
            Some(start) => Running::start(start(edge), app).await,
            None => Err(Failure::new("the target has no server with limits")),
        }
    }

    /// As [`start`](Self::start), the server's type not erased.
    pub(crate) async fn start_unerased(&self, app: App) -> Outcome<Running> {
        (self.unerased)(app).await
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({})", self.manifest.server())
    }
}
