use transom::adapter::{bind, bound_features};
use transom::features::{
    MaxRequestBodySize, RequestedAddresses, Scheme, ServerInfo, ServerLimit, ServerLimits,
};
use transom::{Error, Server};

use crate::bound::TemplateBoundServer;

/// A server on template, before it is bound: its options.
///
/// ```
/// use transom::{BoundServer, Server, features::ServerAddresses};
/// use transom_template::TemplateServer;
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let bound = TemplateServer::new("http://127.0.0.1:0").bind().await?;
/// let addresses = bound.features().require::<ServerAddresses>()?;
/// assert_ne!(addresses.bound()[0].port(), Some(0));
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct TemplateServer {
    // It keeps what was malformed until `bind`, so that making a server cannot fail.
    requested: RequestedAddresses,
    max_request_body_size: Option<Option<u64>>,
}

impl TemplateServer {
    /// Returns a server for the addresses of a list separated by `;`. A malformed one is an error of `bind`.
    pub fn new(addresses: &str) -> Self {
        Self {
            requested: RequestedAddresses::parse(addresses),
            ..Self::default()
        }
    }

    /// Sets how long the body of a request may be, in bytes; `None` for any length. 30,000,000 by default.
    #[must_use]
    pub fn with_max_request_body_size(self, limit: Option<u64>) -> Self {
        Self {
            max_request_body_size: Some(limit),
            ..self
        }
    }
}

impl Server for TemplateServer {
    type Bound = TemplateBoundServer;

    async fn bind(mut self) -> Result<Self::Bound, Error> {
        let requested = self.requested.take()?;
        for address in &requested {
            if address.scheme() != Scheme::Http {
                return Err(Error::configuration(format!(
                    "`{address}`: this server speaks no TLS; write it with `http://`"
                )));
            }
            if address.unix_path().is_some() {
                return Err(Error::configuration(format!(
                    "`{address}`: this server has no unix sockets; write it like `http://127.0.0.1:0`"
                )));
            }
        }
        // All of them, or none and an error that names the address.
        let listeners = bind(&requested)?;
        let info = ServerInfo::new("template", "1")
            .with_adapter(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
        let mut features = bound_features(info, requested, &listeners);
        let body = self.max_request_body_size;
        let body = body.unwrap_or(Some(MaxRequestBodySize::DEFAULT));
        let body = ServerLimit::bytes("max_request_body_size", body);
        features.insert(ServerLimits::new([body]));
        Ok(TemplateBoundServer {
            listeners,
            features,
            max_request_body_size: self.max_request_body_size,
        })
    }

    fn requested_addresses(&mut self) -> Option<&mut RequestedAddresses> {
        Some(&mut self.requested)
    }
}
