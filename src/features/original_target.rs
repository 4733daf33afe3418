use std::fmt;

use http::Uri;

use super::Feature;

/// The request target as the client sent it, whatever path base or rewriting has changed since.
///
/// For HTTP/2 it is the URI that the pseudo-header fields make.
///
/// ```
/// use transom::features::OriginalTarget;
///
/// let target = OriginalTarget::new("/app/a%2Fb?q".parse::<http::Uri>()?);
/// assert_eq!(target.to_string(), "/app/a%2Fb?q");
/// assert_eq!(target.uri().path(), "/app/a%2Fb");
/// # Ok::<_, http::uri::InvalidUri>(())
/// ```
#[doc(alias = "RawTarget")]
#[derive(Clone, Debug)]
pub struct OriginalTarget(Uri);

impl OriginalTarget {
    /// Wraps the target.
    pub fn new(target: Uri) -> Self {
        Self(target)
    }

    /// Returns the target as a URI: origin-form, absolute-form, the authority alone, or `*`.
    pub fn uri(&self) -> &Uri {
        &self.0
    }
}

impl fmt::Display for OriginalTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Feature for OriginalTarget {
    const NAME: &'static str = "request.original_target";
}
