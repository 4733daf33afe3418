use std::sync::Arc;

use tower_layer::Layer;
use transom::ApplicationBuilder;
use transom::hosting::HostEnvironment;

use super::ServerTimings;

/// Makes of a service one that says how long it took. See the [module](super).
#[derive(Clone, Debug)]
pub struct ServerTimingLayer {
    name: Arc<str>,
    enabled: bool,
}

impl ServerTimingLayer {
    /// Measures if the host of this pipeline runs in `Development`. Without a host it measures nothing.
    ///
    /// ```
    /// use transom::{Host, testing::TestServer};
    /// use transom_middleware::server_timing::ServerTimingLayer;
    ///
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// let host = Host::builder(TestServer::new()).with_environment("Development").configure(|app| {
    ///     let timing = ServerTimingLayer::of(&app);
    ///     app.layer(timing).run_fn(|_| async { "hello" })
    /// });
    /// host.start().await?.stop().await?;
    /// # Ok::<_, transom::Error>(())
    /// # })?;
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    pub fn of(app: &ApplicationBuilder) -> Self {
        let environment = app.server_features().get::<HostEnvironment>();
        Self::in_environment(&environment.cloned().unwrap_or_default())
    }

    /// Measures if the environment is `Development`: for where no host of Transom is.
    pub fn in_environment(environment: &HostEnvironment) -> Self {
        Self {
            enabled: environment.is_development(),
            ..Self::always()
        }
    }

    /// Measures wherever it runs, and tells everybody.
    pub fn always() -> Self {
        Self {
            name: "total".into(),
            enabled: true,
        }
    }

    /// Sets the name of what it measures. `total` by default.
    #[must_use]
    pub fn with_name(self, name: &str) -> Self {
        Self {
            name: name.into(),
            ..self
        }
    }
}

impl<S> Layer<S> for ServerTimingLayer {
    type Service = ServerTimings<S>;

    fn layer(&self, inner: S) -> ServerTimings<S> {
        ServerTimings::new(inner, self.enabled.then(|| Arc::clone(&self.name)))
    }
}
