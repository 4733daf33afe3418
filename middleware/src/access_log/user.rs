use std::sync::Arc;

/// Who asked, for the access log: an extension of the response, put there by whatever found out.
///
/// Without it, it is the `REMOTE_USER` of a gateway, if there is one. What a client merely claims is not logged.
///
/// ```
/// use transom::{ApplicationBuilder, Body, Response, testing::TestServer};
/// use transom_middleware::access_log::{AccessLogLayer, LogFormat, LoggedUser};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let (sender, lines) = std::sync::mpsc::channel();
/// let log = AccessLogLayer::to_function(LogFormat::Common, move |line| {
///     let _ = sender.send(line.to_owned());
/// })?;
/// let app = ApplicationBuilder::new()
///     .layer(log)
///     .use_fn(|request, next| async move {
///         // ... who is it? ...
///         let mut response: Response = next.run(request).await;
///         response.extensions_mut().insert(LoggedUser::new("ada"));
///         response
///     })
///     .run_fn(|_| async { "hello" });
/// let client = TestServer::new().start(app).await?;
/// client.get("/").await?.into_body().collect(64).await?;
///
/// assert!(lines.recv()?.contains(" - ada ["));
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedUser(Arc<str>);

impl LoggedUser {
    /// Names the user.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self(name.into())
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
