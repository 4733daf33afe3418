#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "access-log")]
pub mod access_log;
#[cfg(feature = "certificate-forwarding")]
pub mod certificate_forwarding;
#[cfg(feature = "concurrency-limiter")]
pub mod concurrency_limiter;
#[cfg(feature = "developer-error-page")]
pub mod developer_error_page;
#[cfg(feature = "diagnostics")]
pub mod diagnostics;
#[cfg(feature = "exception-handler")]
pub mod exception_handler;
#[cfg(feature = "forwarded-headers")]
pub mod forwarded_headers;
#[cfg(feature = "full")]
pub mod guide;
#[cfg(feature = "health-checks")]
pub mod health_checks;
#[cfg(feature = "host-filtering")]
pub mod host_filtering;
#[cfg(feature = "hsts")]
pub mod hsts;
#[cfg(feature = "https-redirection")]
pub mod https_redirection;
#[cfg(feature = "iis")]
pub mod iis;
#[cfg(feature = "method-override")]
pub mod method_override;
#[cfg(feature = "owin")]
pub mod owin;
#[cfg(feature = "path-base")]
pub mod path_base;
#[cfg(feature = "problem-details")]
pub mod problem_details;
#[cfg(feature = "rate-limiting")]
pub mod rate_limiting;
#[cfg(feature = "request-timeouts")]
pub mod request_timeouts;
#[cfg(feature = "rewrite")]
pub mod rewrite;
#[cfg(feature = "server-timing")]
pub mod server_timing;
#[cfg(feature = "status-code-pages")]
pub mod status_code_pages;
#[cfg(feature = "websockets")]
pub mod websockets;

#[cfg(any(feature = "exception-handler", feature = "status-code-pages"))]
mod answer;
#[cfg(any(feature = "developer-error-page", feature = "diagnostics"))]
mod document;
#[cfg(any(feature = "diagnostics", feature = "health-checks"))]
mod get_only;
#[cfg(any(
    feature = "developer-error-page",
    feature = "diagnostics",
    feature = "exception-handler",
    feature = "status-code-pages",
))]
mod head;
#[cfg(any(
    feature = "forwarded-headers",
    feature = "host-filtering",
    feature = "hsts",
    feature = "https-redirection",
    feature = "rewrite",
    feature = "websockets",
))]
mod host;
#[cfg(any(
    feature = "forwarded-headers",
    feature = "host-filtering",
    feature = "hsts",
))]
mod host_patterns;
#[cfg(feature = "problem-details")]
mod html;
#[cfg(any(feature = "owin", feature = "status-code-pages"))]
mod merge;
#[cfg(any(feature = "access-log", feature = "request-timeouts"))]
mod progress;
#[cfg(any(feature = "certificate-forwarding", feature = "forwarded-headers"))]
mod proxies;
#[cfg(any(feature = "exception-handler", feature = "status-code-pages"))]
mod reexecution;
#[cfg(any(
    feature = "diagnostics",
    feature = "host-filtering",
    feature = "https-redirection",
    feature = "iis",
    feature = "rewrite",
))]
mod response_future;
#[cfg(any(feature = "concurrency-limiter", feature = "rate-limiting"))]
mod seconds;
#[cfg(any(feature = "hsts", feature = "https-redirection", feature = "rewrite"))]
mod target;
#[cfg(any(
    feature = "developer-error-page",
    feature = "exception-handler",
    feature = "status-code-pages",
))]
mod watched;

#[cfg(any(
    feature = "forwarded-headers",
    feature = "host-filtering",
    feature = "hsts",
))]
pub use host_patterns::InvalidHostPattern;
#[cfg(any(
    feature = "diagnostics",
    feature = "host-filtering",
    feature = "https-redirection",
    feature = "iis",
    feature = "rewrite",
))]
pub use response_future::ResponseFuture;
