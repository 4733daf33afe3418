//! Each middleware through its public API, in a pipeline on a server.
#![allow(clippy::unwrap_used)]

mod support;

mod concurrency_limiter;
mod forwarded_headers;
mod health_checks;
mod host_filtering;
mod hsts;
mod https_redirection;
mod lint;
mod rate_limiting;
mod request_timeouts;
