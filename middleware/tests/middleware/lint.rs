//! No middleware breaks a rule, neither towards the server nor towards what comes after it.

use std::time::Duration;

use transom::hosting::HostEnvironment;
use transom::pipeline::Failure;
use transom::testing::TestServer;
use transom::{ApplicationBuilder, Body, Request, Response};
use transom_conformance::Lint;
use transom_middleware::access_log::{AccessLogLayer, LogFormat};
use transom_middleware::certificate_forwarding::CertificateForwardingLayer;
use transom_middleware::concurrency_limiter::ConcurrencyLimiterLayer;
use transom_middleware::developer_error_page::DeveloperErrorPageLayer;
use transom_middleware::diagnostics::DiagnosticsLayer;
use transom_middleware::exception_handler::ExceptionHandlerLayer;
use transom_middleware::forwarded_headers::{ForwardedHeadersLayer, ForwardedPart};
use transom_middleware::health_checks::{HealthCheck, HealthChecksLayer, HealthStatus};
use transom_middleware::host_filtering::HostFilteringLayer;
use transom_middleware::hsts::HstsLayer;
use transom_middleware::https_redirection::HttpsRedirectionLayer;
use transom_middleware::method_override::MethodOverrideLayer;
use transom_middleware::owin::{AppFunc, OwinLayer};
use transom_middleware::path_base::PathBaseLayer;
use transom_middleware::rate_limiting::{Quota, RateLimitingLayer};
use transom_middleware::request_timeouts::RequestTimeoutsLayer;
use transom_middleware::rewrite::{RewriteLayer, Rule};
use transom_middleware::server_timing::ServerTimingLayer;
use transom_middleware::status_code_pages::StatusCodePagesLayer;

use crate::support::run;

async fn echo(request: Request) -> Response {
    Response::new(request.into_body())
}

async fn fail(_: Request) -> Result<Response, Failure> {
    Err(std::io::Error::other("a mistake"))?
}

#[test]
fn every_middleware_keeps_the_rules_on_both_of_its_sides() {
    run(async {
        let (inside, after) = Lint::new(echo);
        let degraded = HealthCheck::new("a", || std::future::ready(HealthStatus::Degraded));
        // Not the prefix: after it, the path base is more than what this server was asked for.
        let parts = [
            ForwardedPart::For,
            ForwardedPart::Host,
            ForwardedPart::Proto,
        ];
        let development = HostEnvironment::new("Development");
        let page = DeveloperErrorPageLayer::in_environment(&development);
        let quota = Quota::sliding_window(1_000, Duration::from_secs(60));
        let limits = RateLimitingLayer::new(quota).with_fields(true);
        let (log, lines) = std::sync::mpsc::channel();
        let log = move |line: &str| log.send(line.to_owned()).unwrap();
        let log = AccessLogLayer::to_function(LogFormat::Combined, log).unwrap();
        let app = ApplicationBuilder::new();
        let diagnostics = DiagnosticsLayer::of(&app).guarded_by(|_| true);
        let pipeline = app
            .layer(log.clone())
            .layer(ServerTimingLayer::always())
            .layer(HealthChecksLayer::new().with_check(degraded))
            .layer(CertificateForwardingLayer::base64())
            .layer(ForwardedHeadersLayer::new(parts))
            .layer(diagnostics)
            .layer(HostFilteringLayer::new(["example.com"]).unwrap())
            .layer(HttpsRedirectionLayer::new().with_https_port(443))
            .layer(HstsLayer::new())
            .layer(limits)
            .layer(ConcurrencyLimiterLayer::new(1))
            .layer(OwinLayer::new().with(|next: AppFunc| next))
            .layer(RequestTimeoutsLayer::new(Duration::from_secs(9)).with_body_included(true))
            .layer(ExceptionHandlerLayer::new())
            .layer(StatusCodePagesLayer::new())
            .layer(MethodOverrideLayer::from_form_field("_method"))
            .layer(PathBaseLayer::new("/a").unwrap())
            .layer(RewriteLayer::new([Rule::redirect("^/moved$", "/a")]).unwrap())
            .map("/fails", |branch| branch.run_fn(fail))
            .map("/shown", |branch| branch.layer(page).run_fn(fail))
            .map("/nowhere", |branch| branch.build())
            .run(inside);
        let (outside, before) = Lint::new(pipeline);
        let client = TestServer::new().start(outside).await.unwrap();

        let mut statuses = Vec::new();
        for method in ["GET", "HEAD", "POST", "OPTIONS"] {
            for (path, host, proto) in [
                ("/readyz", "inner", "http"),
                ("/diagnostics", "inner", "http"),
                ("/", "evil.example", "https"),
                ("/a?b", "example.com", "http"),
                ("/a?b", "example.com", "https"),
                ("/moved", "example.com", "https"),
                ("/fails", "example.com", "https"),
                ("/shown", "example.com", "https"),
                ("/nowhere", "example.com", "https"),
            ] {
                let request = http::Request::builder()
                    .method(method)
                    .uri(path)
                    .header("host", "inner")
                    .header("content-type", "application/x-www-form-urlencoded")
                    .header("x-client-cert", "MAMCAQE=")
                    .header("x-forwarded-for", "192.0.2.1:80")
                    .header("x-forwarded-proto", proto)
                    .header("x-forwarded-host", host);
                let request = request.body(Body::from("_method=PUT")).unwrap();
                let response = client.send(request).await.unwrap();
                statuses.push(response.status().as_u16());
                let told = response.headers().contains_key("strict-transport-security");
                assert_eq!(told, (host, proto) == ("example.com", "https"));
                response.into_body().collect(1 << 20).await.unwrap();
            }
        }
        let answered = [200, 200, 400, 307, 200, 302, 500, 500, 404];
        let refused = [405, 405, 400, 307, 200, 302, 500, 500, 404];
        assert_eq!(statuses, [answered, answered, refused, refused].concat());
        assert!(log.flush());
        assert_eq!(lines.try_iter().count(), statuses.len());
        assert!(before.is_clean(), "{:?}", before.violations());
        assert!(after.is_clean(), "{:?}", after.violations());
    });
}
