//! Each middleware through its public API, in a pipeline on a server.
#![allow(clippy::unwrap_used)]

mod support;

mod access_log;
mod certificate_forwarding;
mod concurrency_limiter;
mod deploy;
mod deploy_iis;
mod developer_error_page;
mod diagnostics;
mod exception_handler;
mod forwarded_headers;
mod health_checks;
mod host_filtering;
mod hsts;
mod https_redirection;
mod iis;
mod lint;
mod method_override;
mod owin;
mod path_base;
mod problem_details;
mod rate_limiting;
mod request_timeouts;
mod rewrite;
mod server_timing;
mod status_code_pages;
mod websockets;
