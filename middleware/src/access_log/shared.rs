use http::HeaderName;

use super::format::LogFormat;
use super::layer::Options;
use super::sink::Sink;

/// What all requests of a layer share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) format: LogFormat,
    /// The fields of requests that the format has, or may have, in it.
    pub(super) fields: Vec<HeaderName>,
    pub(super) sink: Sink,
    pub(super) options: Options,
}
