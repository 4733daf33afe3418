#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "concurrency-limiter")]
pub mod concurrency_limiter;
#[cfg(feature = "forwarded-headers")]
pub mod forwarded_headers;
#[cfg(feature = "health-checks")]
pub mod health_checks;
#[cfg(feature = "host-filtering")]
pub mod host_filtering;
#[cfg(feature = "hsts")]
pub mod hsts;
#[cfg(feature = "https-redirection")]
pub mod https_redirection;
#[cfg(feature = "rate-limiting")]
pub mod rate_limiting;
#[cfg(feature = "request-timeouts")]
pub mod request_timeouts;

#[cfg(any(
    feature = "forwarded-headers",
    feature = "host-filtering",
    feature = "hsts",
    feature = "https-redirection",
))]
mod host;
#[cfg(any(
    feature = "forwarded-headers",
    feature = "host-filtering",
    feature = "hsts",
))]
mod host_patterns;
#[cfg(feature = "request-timeouts")]
mod progress;
#[cfg(any(feature = "host-filtering", feature = "https-redirection"))]
mod response_future;
#[cfg(any(feature = "concurrency-limiter", feature = "rate-limiting"))]
mod seconds;
#[cfg(any(feature = "hsts", feature = "https-redirection"))]
mod target;

#[cfg(any(
    feature = "forwarded-headers",
    feature = "host-filtering",
    feature = "hsts",
))]
pub use host_patterns::InvalidHostPattern;
#[cfg(any(feature = "host-filtering", feature = "https-redirection"))]
pub use response_future::ResponseFuture;
