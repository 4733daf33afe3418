use std::any::type_name;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use transom::body::BoxError;

use super::Environment;

/// What OWIN calls an application: an environment goes in, and the response is done when the future is.
///
/// Middleware is a function from one to another. An error before the first write to the body of the response is
/// answered as any error of a layer is, with a 500; after that it breaks the response off, so that no client takes it
/// for whole.
///
/// ```
/// use transom_middleware::owin::{AppFunc, Environment, keys};
///
/// fn teapot(next: AppFunc) -> AppFunc {
///     AppFunc::new(move |environment: Environment| {
///         let next = next.clone();
///         async move {
///             if environment.get::<String>(keys::REQUEST_PATH).as_deref() == Some("/coffee") {
///                 environment.set(keys::RESPONSE_STATUS_CODE, 418_u16)?;
///                 return Ok(());
///             }
///             next.call(environment).await
///         }
///     })
/// }
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let environment = Environment::new();
/// environment.set(keys::REQUEST_PATH, "/coffee".to_owned())?;
/// let never = AppFunc::new(|_| async { Err("nobody asks for tea".into()) });
/// teapot(never).call(environment.clone()).await?;
/// assert_eq!(environment.get::<u16>("owin.ResponseStatusCode"), Some(418));
/// # Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
/// ```
#[derive(Clone)]
pub struct AppFunc {
    call: Arc<dyn Fn(Environment) -> Called + Send + Sync>,
    name: &'static str,
}

impl AppFunc {
    /// Wraps a function.
    pub fn new<F, Done>(call: F) -> Self
    where
        F: Fn(Environment) -> Done + Send + Sync + 'static,
        Done: Future<Output = Result<(), BoxError>> + Send + 'static,
    {
        Self {
            call: Arc::new(move |environment| Called(Box::pin(call(environment)))),
            name: type_name::<F>(),
        }
    }

    /// Calls the function.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future cancels the request: its client is gone.
    pub fn call(&self, environment: Environment) -> Called {
        (self.call)(environment)
    }
}

impl fmt::Debug for AppFunc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AppFunc({})", self.name)
    }
}

/// An [`AppFunc`] that runs.
#[must_use = "futures do nothing unless polled"]
pub struct Called(Pin<Box<dyn Future<Output = Result<(), BoxError>> + Send>>);

impl Future for Called {
    type Output = Result<(), BoxError>;

    fn poll(
        mut self: Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Self::Output> {
        self.0.as_mut().poll(cx)
    }
}

impl fmt::Debug for Called {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Called")
    }
}
