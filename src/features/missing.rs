use std::error::Error;
use std::fmt;

/// A feature that was required is not there; see [`Features::require`](super::Features::require).
#[derive(Clone, Debug)]
pub struct MissingFeature {
    feature: &'static str,
    server: Option<String>,
    present: Vec<&'static str>,
}

impl MissingFeature {
    pub(crate) fn new(
        feature: &'static str,
        server: Option<String>,
        present: Vec<&'static str>,
    ) -> Self {
        Self {
            feature,
            server,
            present,
        }
    }

    /// Returns the [`NAME`](super::Feature::NAME) of the missing feature.
    pub fn feature(&self) -> &'static str {
        self.feature
    }
}

impl fmt::Display for MissingFeature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.server {
            Some(server) => write!(f, "the server {server} does not provide")?,
            None => f.write_str("no server provides")?,
        }
        write!(f, " the feature `{}`; ", self.feature)?;
        match self.present.as_slice() {
            [] => f.write_str("there are none at all"),
            present => write!(f, "it provides {}", present.join(", ")),
        }
    }
}

impl Error for MissingFeature {}
