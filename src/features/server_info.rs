use std::borrow::Cow;
use std::fmt;

use super::Feature;

/// Which server received the request, and which adapter wraps it.
///
/// ```
/// use transom::features::ServerInfo;
///
/// let server = ServerInfo::new("tiny_http", "0.12.0").with_adapter("transom-tiny-http", "0.1.0");
/// assert_eq!(server.to_string(), "tiny_http/0.12.0");
/// assert_eq!(server.adapter(), Some(("transom-tiny-http", "0.1.0")));
/// ```
#[derive(Clone, Debug)]
pub struct ServerInfo {
    name: Cow<'static, str>,
    version: Cow<'static, str>,
    adapter: Option<(&'static str, &'static str)>,
}

impl ServerInfo {
    /// Names the server and its version.
    pub fn new(name: impl Into<Cow<'static, str>>, version: impl Into<Cow<'static, str>>) -> Self {
        Self {
            name: name.into(),
            version: version.into(),
            adapter: None,
        }
    }

    /// Names the crate that wraps the server, and its version.
    #[must_use]
    pub fn with_adapter(self, name: &'static str, version: &'static str) -> Self {
        Self {
            adapter: Some((name, version)),
            ..self
        }
    }

    /// Returns the name of the server.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the version of the server.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Returns the name and the version of the crate that wraps the server.
    pub fn adapter(&self) -> Option<(&'static str, &'static str)> {
        self.adapter
    }
}

impl fmt::Display for ServerInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.name, self.version)
    }
}

impl Feature for ServerInfo {
    const NAME: &'static str = "server.info";
}
