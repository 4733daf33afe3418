use std::error::Error;
use std::fmt;
use std::sync::Arc;

use http::StatusCode;
use tower_layer::Layer;
use transom::features::ServerAddresses;

use super::HttpsRedirection;
use super::port::HttpsPort;

/// Makes of a service one that is reached over `https` only. See the [module](super).
#[derive(Clone, Debug)]
pub struct HttpsRedirectionLayer {
    status: StatusCode,
    port: Option<u16>,
    addresses: Option<ServerAddresses>,
}

impl HttpsRedirectionLayer {
    /// Redirects with 307, to a port that is to be found.
    pub fn new() -> Self {
        Self {
            status: StatusCode::TEMPORARY_REDIRECT,
            port: None,
            addresses: None,
        }
    }

    /// Sets the status of the redirection: 301, 302, 307 or 308. 307 by default; 301 and 308 are kept by
    /// browsers for good.
    ///
    /// # Errors
    ///
    /// It is another one.
    pub fn with_status_code(self, status: StatusCode) -> Result<Self, NotARedirection> {
        match status.as_u16() {
            301 | 302 | 307 | 308 => Ok(Self { status, ..self }),
            _ => Err(NotARedirection(status)),
        }
    }

    /// Sets the port to redirect to. It is [looked for](super#which-port) by default.
    #[must_use]
    pub fn with_https_port(self, port: u16) -> Self {
        Self {
            port: Some(port),
            ..self
        }
    }

    /// Sets the addresses in which the port is looked for. Those of the server that received the first
    /// request by default; in a host of several servers, hand over those of all, which are among
    /// [`server_features`](transom::ApplicationBuilder::server_features).
    #[must_use]
    pub fn with_server_addresses(self, addresses: ServerAddresses) -> Self {
        Self {
            addresses: Some(addresses),
            ..self
        }
    }
}

impl Default for HttpsRedirectionLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Layer<S> for HttpsRedirectionLayer {
    type Service = HttpsRedirection<S>;

    fn layer(&self, inner: S) -> HttpsRedirection<S> {
        let port = HttpsPort::new(self.port, self.addresses.clone());
        HttpsRedirection::new(inner, self.status, Arc::new(port))
    }
}

/// A status is none that redirects; see [`HttpsRedirectionLayer::with_status_code`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotARedirection(StatusCode);

impl fmt::Display for NotARedirection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} does not redirect; 301, 302, 307 and 308 do",
            self.0.as_u16()
        )
    }
}

impl Error for NotARedirection {}
