use std::error::Error;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{Request, Uri};

use super::{Feature, RequestExt};

/// The leading part of the path that was taken off: where the application, or a branch of it, is
/// mounted. [`PathBase`] and the URI's path together are the original path; but where all of it was taken
/// off, the URI's is `/`, as it cannot be empty.
///
/// Empty, or a path that begins with `/` and does not end with one. Absent means empty.
///
/// ```
/// use transom::features::PathBase;
///
/// assert_eq!(PathBase::new("/app/")?.as_str(), "/app");
/// assert_eq!(PathBase::new("")?.as_str(), "");
/// assert!(PathBase::new("app").is_err());
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[doc(alias = "PathString")]
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PathBase(Arc<str>);

impl PathBase {
    /// Returns a path base; slashes at its end are taken off.
    ///
    /// # Errors
    ///
    /// It does not begin with `/`, or holds what a path cannot.
    pub fn new(path: &str) -> Result<Self, InvalidPathBase> {
        let trimmed = path.trim_end_matches('/');
        let valid = trimmed.is_empty()
            || trimmed.starts_with('/')
                && !trimmed.contains(['?', '#'])
                && trimmed.parse::<PathAndQuery>().is_ok();
        if valid {
            Ok(Self(trimmed.into()))
        } else {
            Err(InvalidPathBase(path.into()))
        }
    }

    /// Returns the path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether `path` begins with this base: whole segments, ASCII case ignored.
    ///
    /// ```
    /// use transom::features::PathBase;
    ///
    /// let base = PathBase::new("/app")?;
    /// assert!(base.is_prefix_of("/APP/page") && !base.is_prefix_of("/apple"));
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    pub fn is_prefix_of(&self, path: &str) -> bool {
        Self::split(path, &self.0).is_some()
    }

    /// Moves this base from the path of a request to the end of its [`PathBase`], in the request's own
    /// spelling, and returns whether the path began with it.
    ///
    /// ```
    /// use transom::features::{PathBase, RequestExt};
    ///
    /// let mut request = http::Request::get("/APP/page?q").body(())?;
    /// assert!(PathBase::new("/app")?.take_off(&mut request));
    /// assert_eq!(request.uri(), "/page?q");
    /// assert_eq!(request.feature::<PathBase>().unwrap().as_str(), "/APP");
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    pub fn take_off<B>(&self, request: &mut Request<B>) -> bool {
        // Neither `*` nor an authority is a path.
        if !request.uri().path().starts_with('/') {
            return self.0.is_empty();
        }
        let Some((matched, rest)) = Self::split(request.uri().path(), &self.0) else {
            return false;
        };
        if matched.is_empty() {
            return true;
        }
        let base = match request.feature::<Self>() {
            Some(base) => base.join(matched),
            None => Self(matched.into()),
        };
        let uri = Self::strip(request.uri(), rest);
        *request.uri_mut() = uri;
        request.features_mut().insert(base);
        true
    }

    /// Splits `prefix` off a path: whole segments, ASCII case ignored. Returns the part that matched, in
    /// the path's own spelling, and the rest.
    pub(crate) fn split<'p>(path: &'p str, prefix: &str) -> Option<(&'p str, &'p str)> {
        let (head, rest) = path.split_at_checked(prefix.len())?;
        let matches =
            head.eq_ignore_ascii_case(prefix) && (rest.is_empty() || rest.starts_with('/'));
        matches.then_some((head, rest))
    }

    /// Returns this base with `segment` after it.
    pub(crate) fn join(&self, segment: &str) -> Self {
        Self(match self.0.is_empty() {
            true => segment.into(),
            false => [&*self.0, segment].concat().into(),
        })
    }

    /// Returns `uri` with its path replaced by `rest` (which is a part of it) and all else kept.
    pub(crate) fn strip(uri: &Uri, rest: &str) -> Uri {
        let slash = if rest.starts_with('/') { "" } else { "/" };
        let (mark, query) = uri.query().map_or(("", ""), |query| ("?", query));
        // As bytes of exactly that length, which a URI takes over without a copy.
        let path = Bytes::from([slash, rest, mark, query].concat());
        // What is left of a valid path is one, so this cannot fail; if it did, the path stays whole.
        let Ok(path) = PathAndQuery::from_maybe_shared(path) else {
            return uri.clone();
        };
        if uri.authority().is_none() {
            return Uri::from(path);
        }
        let mut parts = uri.clone().into_parts();
        parts.path_and_query = Some(path);
        Uri::from_parts(parts).unwrap_or_else(|_| uri.clone())
    }
}

impl fmt::Display for PathBase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Feature for PathBase {
    const NAME: &'static str = "request.path_base";
}

/// A path base is malformed; see [`PathBase::new`].
#[derive(Clone, Debug)]
pub struct InvalidPathBase(String);

impl fmt::Display for InvalidPathBase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is not a path base: write it empty, or like `/app`",
            self.0
        )
    }
}

impl Error for InvalidPathBase {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_matches_whole_segments_without_regard_to_case() {
        assert_eq!(PathBase::split("/foo", "/foo"), Some(("/foo", "")));
        assert_eq!(PathBase::split("/foo/", "/foo"), Some(("/foo", "/")));
        assert_eq!(PathBase::split("/FOO/bar", "/foo"), Some(("/FOO", "/bar")));
        assert_eq!(PathBase::split("/foobar", "/foo"), None);
        assert_eq!(PathBase::split("/f", "/foo"), None);
        assert_eq!(PathBase::split("/anything", ""), Some(("", "/anything")));
        assert_eq!(
            PathBase::split("/é", "/\u{c3}"),
            None,
            "never splits a character"
        );
    }

    #[test]
    fn stripping_keeps_the_query_and_the_bytes() {
        let strip = |uri: &str, rest: &str| {
            uri.parse::<Uri>()
                .map(|uri| PathBase::strip(&uri, rest).to_string())
        };
        assert_eq!(
            strip("/app/a%2Fb?q=%20", "/a%2Fb").ok().as_deref(),
            Some("/a%2Fb?q=%20")
        );
        assert_eq!(strip("/app?", "").ok().as_deref(), Some("/?"));
        assert_eq!(strip("/app//x", "//x").ok().as_deref(), Some("//x"));
        assert_eq!(
            strip("http://h/app/x", "/x").ok().as_deref(),
            Some("http://h/x")
        );
    }
}
