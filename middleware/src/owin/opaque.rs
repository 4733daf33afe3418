use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use transom::RequestExt;
use transom::features::{ServerLifetime, Upgrade, UpgradeError, Upgrading};

use super::{Properties, keys};

/// Takes the connection over: OWIN's Opaque extension, which is HTTP/1.1's `Upgrade`.
///
/// The function that is handed over is called once the environment's function has returned and the 101 is sent, with
/// [`OPAQUE_STREAM`](keys::OPAQUE_STREAM) and its like. The status becomes 101; the field `Upgrade`, which says what the
/// connection turns into, is for who upgrades to set. With another status nothing comes of it.
///
/// ```
/// use futures_util::{AsyncReadExt, AsyncWriteExt};
/// use http::{HeaderMap, header};
/// use transom::features::Upgraded;
/// use transom_middleware::owin::{AppFunc, Environment, OpaqueUpgrade, Properties, keys};
///
/// async fn echo(opaque: Properties) {
///     let Some(stream) = opaque.take::<Upgraded>(keys::OPAQUE_STREAM) else { return };
///     let (reader, mut writer) = stream.split();
///     let _ = futures_util::io::copy(reader, &mut writer).await;
///     let _ = writer.close().await;
/// }
///
/// let app = AppFunc::new(|environment: Environment| async move {
///     // Absent where the server cannot, or the client did not ask.
///     let upgrade = environment.require::<OpaqueUpgrade>(keys::OPAQUE_UPGRADE)?;
///     upgrade.upgrade(echo)?;
///     let to = header::HeaderValue::from_static("echo");
///     environment.modify(keys::RESPONSE_HEADERS, |headers: &mut HeaderMap| headers.insert("upgrade", to))?;
///     Ok(())
/// });
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// use transom::{ApplicationBuilder, Body, testing::TestServer};
/// use transom_middleware::owin::UseOwin;
///
/// let app = ApplicationBuilder::new().use_owin(|owin| owin.with(move |_| app.clone())).build();
/// let client = TestServer::new().start(app).await?;
/// let request = http::Request::get("/").header("connection", "upgrade").header("upgrade", "echo");
/// let (response, connection) = client.upgrade(request.body(Body::empty())?).await?;
/// assert_eq!(response.status(), 101);
/// let mut connection = connection.unwrap();
/// AsyncWriteExt::write_all(&mut connection, b"there").await?;
/// let mut back = [0; 5];
/// AsyncReadExt::read_exact(&mut connection, &mut back).await?;
/// assert_eq!(&back, b"there");
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct OpaqueUpgrade(Arc<dyn Fn(OpaqueCallback) -> Result<(), UpgradeError> + Send + Sync>);

/// What becomes of a connection that was taken over, given what tells of it; see [`OpaqueUpgrade`]. The connection is
/// the callback's until the future ends.
pub type OpaqueCallback =
    Box<dyn FnOnce(Properties) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send>;

impl OpaqueUpgrade {
    /// Wraps what a server does about an upgrade: it keeps the callback, and calls it after the 101.
    pub fn new(
        upgrade: impl Fn(OpaqueCallback) -> Result<(), UpgradeError> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(upgrade))
    }

    /// Takes the connection over.
    ///
    /// # Errors
    ///
    /// [`UpgradeError::is_taken`] when it was taken before, [`UpgradeError::is_too_many`] when the server has as many
    /// as it may.
    pub fn upgrade<F, Done>(&self, callback: F) -> Result<(), UpgradeError>
    where
        F: FnOnce(Properties) -> Done + Send + 'static,
        Done: Future<Output = ()> + Send + 'static,
    {
        (self.0)(Box::new(move |opaque| Box::pin(callback(opaque))))
    }
}

impl fmt::Debug for OpaqueUpgrade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OpaqueUpgrade")
    }
}

/// An upgrade that was accepted, if one was.
pub(super) type Accepted = Arc<Mutex<Option<(Upgrading, OpaqueCallback)>>>;

/// Returns the upgrade that a request may have.
pub(super) fn of_request(
    head: &http::request::Parts,
    accepted: &Accepted,
) -> Option<OpaqueUpgrade> {
    let upgrade = head.features().get_shared::<dyn Upgrade>()?;
    let accepted = Arc::clone(accepted);
    Some(OpaqueUpgrade::new(move |callback| {
        let upgrading = upgrade.accept()?;
        let mut accepted = accepted.lock().unwrap_or_else(PoisonError::into_inner);
        *accepted = Some((upgrading, callback));
        Ok(())
    }))
}

/// Waits for the connection, and calls back. What was accepted and is not run is cancelled.
pub(super) fn spawn(
    (upgrading, callback): (Upgrading, OpaqueCallback),
    lifetime: Option<ServerLifetime>,
) {
    let Ok(runtime) = tokio::runtime::Handle::try_current() else {
        tracing::error!("there is no runtime of tokio for a connection that was taken over");
        return;
    };
    // It ends with its connection, which is the server's.
    runtime.spawn(async move {
        match upgrading.await {
            Ok(stream) => {
                let opaque = Properties::new();
                opaque.set(keys::OPAQUE_STREAM, stream);
                opaque.set(keys::OPAQUE_VERSION, "1.0".to_owned());
                if let Some(lifetime) = lifetime {
                    opaque.set(keys::OPAQUE_CALL_CANCELLED, lifetime);
                }
                callback(opaque).await;
            }
            Err(error) => tracing::debug!(%error, "a connection was not taken over"),
        }
    });
}
