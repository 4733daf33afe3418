//! What the texts of an environment mean.

use http::uri::PathAndQuery;
use http::{Method, Version};
use transom::features::{PathBase, Scheme};

use super::{EnvironmentError, path};

pub(super) fn protocol(version: Version) -> String {
    format!("{version:?}")
}

pub(super) fn method(key: &str, text: &str) -> Result<Method, EnvironmentError> {
    Method::from_bytes(text.as_bytes())
        .map_err(|_| EnvironmentError::invalid(key, "it is no token"))
}

pub(super) fn version(key: &str, text: &str) -> Result<Version, EnvironmentError> {
    Ok(match text {
        "HTTP/0.9" => Version::HTTP_09,
        "HTTP/1.0" => Version::HTTP_10,
        "HTTP/1.1" => Version::HTTP_11,
        "HTTP/2" | "HTTP/2.0" => Version::HTTP_2,
        "HTTP/3" | "HTTP/3.0" => Version::HTTP_3,
        _ => return Err(EnvironmentError::invalid(key, "write it like `HTTP/1.1`")),
    })
}

pub(super) fn scheme(key: &str, text: &str) -> Result<Scheme, EnvironmentError> {
    match text.to_ascii_lowercase().as_str() {
        "http" => Ok(Scheme::Http),
        "https" => Ok(Scheme::Https),
        _ => Err(EnvironmentError::invalid(
            key,
            "it is neither `http` nor `https`",
        )),
    }
}

pub(super) fn path_base(key: &str, text: &str) -> Result<PathBase, EnvironmentError> {
    PathBase::new(&path::encode(text)).map_err(|_| {
        EnvironmentError::invalid(key, "it is neither empty nor does it begin with `/`")
    })
}

/// Returns what a decoded path and a query are in a URI.
pub(super) fn target(key: &str, path: &str, query: &str) -> Result<PathAndQuery, EnvironmentError> {
    if !path.is_empty() && !path.starts_with('/') {
        return Err(EnvironmentError::invalid(key, "a path begins with `/`"));
    }
    let path = path::encode(path);
    joined(key, if path.is_empty() { "/" } else { &path }, query)
}

/// As [`target`], of a path that is not decoded.
pub(super) fn joined(key: &str, path: &str, query: &str) -> Result<PathAndQuery, EnvironmentError> {
    let mark = if query.is_empty() { "" } else { "?" };
    PathAndQuery::try_from([path, mark, query].concat())
        .map_err(|_| EnvironmentError::invalid(key, "it holds what a URI may not"))
}
