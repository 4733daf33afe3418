use std::error::Error;
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_io::{AsyncRead, AsyncWrite};

use super::Feature;
use crate::body::BoxError;

/// The request may take its connection over: HTTP/1.1's `Upgrade`.
///
/// Present, as `dyn Upgrade`, where the server can hand the connection over and the client asked for it.
/// The order is: [`accept`](Self::accept) it, return a 101 with the `Upgrade` and `Connection` fields, and
/// await the connection elsewhere (a spawned task): it comes once the head is sent. Any other status
/// cancels the upgrade. The connection stays part of the server: it counts as in flight, and should end
/// when [`ServerLifetime`](super::ServerLifetime) says that the server stops.
///
/// ```
/// use futures_util::{AsyncReadExt, AsyncWriteExt};
/// use http::{StatusCode, header};
/// use transom::features::{RequestExt, Upgrade};
/// use transom::{Request, Response};
///
/// async fn echo(request: Request) -> Response {
///     let accepted = match request.feature::<dyn Upgrade>() {
///         Some(upgrade) => upgrade.accept(),
///         None => return status(StatusCode::UPGRADE_REQUIRED),
///     };
///     let Ok(upgrading) = accepted else {
///         return status(StatusCode::INTERNAL_SERVER_ERROR);
///     };
///     tokio::spawn(async move {
///         let (reader, mut writer) = upgrading.await?.split();
///         futures_util::io::copy(reader, &mut writer).await?;
///         writer.close().await?;
///         Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
///     });
///     let mut response = status(StatusCode::SWITCHING_PROTOCOLS);
///     response.headers_mut().insert(header::UPGRADE, "echo".parse().unwrap());
///     response.headers_mut().insert(header::CONNECTION, "upgrade".parse().unwrap());
///     response
/// }
///
/// fn status(status: StatusCode) -> Response {
///     let mut response = Response::default();
///     *response.status_mut() = status;
///     response
/// }
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// use transom::testing::TestServer;
///
/// let client = TestServer::new().start(echo).await?;
/// let request = http::Request::get("/").header("connection", "upgrade").header("upgrade", "echo");
/// let (response, connection) = client.upgrade(request.body(transom::Body::empty())?).await?;
/// assert_eq!(response.status(), 101);
/// let mut connection = connection.unwrap();
/// AsyncWriteExt::write_all(&mut connection, b"to and fro").await?;
/// let mut back = [0; 10];
/// AsyncReadExt::read_exact(&mut connection, &mut back).await?;
/// assert_eq!(&back, b"to and fro");
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[doc(alias = "IHttpUpgradeFeature")]
pub trait Upgrade: Send + Sync {
    /// Takes the upgrade. The future ends with the connection once the 101 is sent.
    ///
    /// # Errors
    ///
    /// [`UpgradeError::is_taken`] when it was taken before, [`UpgradeError::is_too_many`] when the server has a
    /// limit of upgraded connections that is reached.
    #[doc(alias = "UpgradeAsync")]
    fn accept(&self) -> Result<Upgrading, UpgradeError>;
}

impl Feature for dyn Upgrade {
    const NAME: &'static str = "request.upgrade";
}

/// Waits for the upgraded connection; see [`Upgrade::accept`].
#[must_use = "the connection comes only to who awaits it"]
pub struct Upgrading(Pin<Box<dyn Future<Output = Result<Upgraded, UpgradeError>> + Send>>);

impl Upgrading {
    /// Wraps the future that ends when the head of the 101 is sent; for servers.
    pub fn new(
        connection: impl Future<Output = Result<Upgraded, UpgradeError>> + Send + 'static,
    ) -> Self {
        Self(Box::pin(connection))
    }
}

impl Future for Upgrading {
    type Output = Result<Upgraded, UpgradeError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx)
    }
}

impl fmt::Debug for Upgrading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Upgrading")
    }
}

/// A connection after its upgrade: bytes both ways. Bytes that the client sent right behind its request
/// are read first. Dropping it closes the connection.
///
/// It implements the I/O traits of `futures` and, with the feature `tokio`, those of tokio.
pub struct Upgraded(Pin<Box<dyn Io>>);

trait Io: AsyncRead + AsyncWrite + Send {}
impl<T: AsyncRead + AsyncWrite + Send> Io for T {}

impl Upgraded {
    /// Wraps a byte stream; for servers.
    pub fn new(io: impl AsyncRead + AsyncWrite + Send + 'static) -> Self {
        Self(Box::pin(io))
    }

    /// Wraps a byte stream of tokio's; for servers.
    #[cfg(feature = "tokio")]
    pub fn from_tokio(
        io: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + 'static,
    ) -> Self {
        Self::new(crate::tokio_io::FromTokio::new(io))
    }
}

impl AsyncRead for Upgraded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.0.as_mut().poll_read(cx, buffer)
    }
}

impl AsyncWrite for Upgraded {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.0.as_mut().poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.as_mut().poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.as_mut().poll_close(cx)
    }
}

#[cfg(feature = "tokio")]
impl tokio::io::AsyncRead for Upgraded {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut tokio::io::ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = std::task::ready!(AsyncRead::poll_read(self, cx, buffer.initialize_unfilled()))?;
        buffer.advance(read);
        Poll::Ready(Ok(()))
    }
}

#[cfg(feature = "tokio")]
impl tokio::io::AsyncWrite for Upgraded {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        AsyncWrite::poll_write(self, cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        AsyncWrite::poll_flush(self, cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        AsyncWrite::poll_close(self, cx)
    }
}

impl fmt::Debug for Upgraded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Upgraded")
    }
}

/// Why a connection was not upgraded.
#[derive(Debug)]
pub struct UpgradeError(Kind);

#[derive(Debug)]
enum Kind {
    Taken,
    TooMany,
    Cancelled,
    Failed(BoxError),
}

impl UpgradeError {
    /// It was taken before.
    pub fn taken() -> Self {
        Self(Kind::Taken)
    }

    /// There are as many upgraded connections as there may be.
    pub fn too_many() -> Self {
        Self(Kind::TooMany)
    }

    /// The response was not a 101, or the connection ended before it was sent.
    pub fn cancelled() -> Self {
        Self(Kind::Cancelled)
    }

    /// The server could not hand the connection over.
    pub fn failed(cause: impl Into<BoxError>) -> Self {
        Self(Kind::Failed(cause.into()))
    }

    /// Returns whether it was taken before.
    pub fn is_taken(&self) -> bool {
        matches!(self.0, Kind::Taken)
    }

    /// Returns whether there are as many upgraded connections as there may be; a 503 says so to the client.
    pub fn is_too_many(&self) -> bool {
        matches!(self.0, Kind::TooMany)
    }

    /// Returns whether the response was not a 101, or never sent.
    pub fn is_cancelled(&self) -> bool {
        matches!(self.0, Kind::Cancelled)
    }
}

impl fmt::Display for UpgradeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Kind::Taken => "the upgrade was already taken",
            Kind::TooMany => "there are as many upgraded connections as there may be",
            Kind::Cancelled => {
                "the upgrade was cancelled: the response was not a 101, or was never sent"
            }
            Kind::Failed(_) => "the server could not hand the connection over",
        })
    }
}

impl Error for UpgradeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0 {
            Kind::Failed(cause) => Some(&**cause),
            _ => None,
        }
    }
}
