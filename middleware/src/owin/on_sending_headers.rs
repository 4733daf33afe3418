use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Environment, EnvironmentError, keys};

/// Calls back right before the head of the response is sent: the last moment at which it can be changed.
///
/// Who registered last is called first.
///
/// ```
/// use http::HeaderMap;
/// use transom::{ApplicationBuilder, testing::TestServer};
/// use transom_middleware::owin::{AppFunc, OnSendingHeaders, UseOwin, keys};
///
/// fn counted(next: AppFunc) -> AppFunc {
///     AppFunc::new(move |environment| {
///         let next = next.clone();
///         async move {
///             let sending = environment.require::<OnSendingHeaders>(keys::ON_SENDING_HEADERS)?;
///             sending.register(|environment| {
///                 let count = |headers: &mut HeaderMap| headers.insert("x-fields", headers.len().into());
///                 let _ = environment.modify(keys::RESPONSE_HEADERS, count);
///             })?;
///             next.call(environment).await
///         }
///     })
/// }
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let app = ApplicationBuilder::new().use_owin(|owin| owin.with(counted)).run_fn(|_| async { "text" });
/// let response = TestServer::new().start(app).await?.get("/").await?;
/// assert_eq!(response.headers()["x-fields"], "1"); // what the end of the pipeline set
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct OnSendingHeaders(Arc<Mutex<Option<Vec<Callback>>>>);

type Callback = Box<dyn FnOnce(&Environment) + Send>;

impl OnSendingHeaders {
    /// Returns one that nobody has registered with; for servers.
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(Some(Vec::new()))))
    }

    /// Registers a function.
    ///
    /// # Errors
    ///
    /// The head was sent.
    pub fn register(
        &self,
        callback: impl FnOnce(&Environment) + Send + 'static,
    ) -> Result<(), EnvironmentError> {
        match &mut *self.lock() {
            Some(callbacks) => {
                callbacks.push(Box::new(callback));
                Ok(())
            }
            None => Err(EnvironmentError::frozen(keys::ON_SENDING_HEADERS)),
        }
    }

    /// Calls every function once, the last one first, and those which they register; nothing can be registered
    /// afterwards. For servers, right before they send the head.
    pub fn fire(&self, environment: &Environment) {
        loop {
            let mut callbacks = self.lock();
            let Some(callback) = callbacks.as_mut().and_then(Vec::pop) else {
                *callbacks = None;
                return;
            };
            drop(callbacks);
            callback(environment);
        }
    }

    /// Drops what was registered: it may hold the environment that holds it.
    pub(super) fn clear(&self) {
        let callbacks = self.lock().take();
        drop(callbacks);
    }

    fn lock(&self) -> MutexGuard<'_, Option<Vec<Callback>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for OnSendingHeaders {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for OnSendingHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OnSendingHeaders")
    }
}
