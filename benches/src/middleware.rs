//! The pipelines that `middleware` counts: a greeting, with one layer before it.

use std::error::Error;
use std::time::Duration;

use tower::layer::layer_fn;
use transom::hosting::HostEnvironment;
use transom::pipeline::Next;
use transom::{ApplicationBuilder, HyperServer};
use transom_middleware::access_log::{AccessLogLayer, LogFormat};
use transom_middleware::certificate_forwarding::CertificateForwardingLayer;
use transom_middleware::concurrency_limiter::ConcurrencyLimiterLayer;
use transom_middleware::developer_error_page::DeveloperErrorPageLayer;
use transom_middleware::diagnostics::DiagnosticsLayer;
use transom_middleware::exception_handler::ExceptionHandlerLayer;
use transom_middleware::forwarded_headers::{ForwardedHeadersLayer, ForwardedPart};
use transom_middleware::health_checks::HealthChecksLayer;
use transom_middleware::host_filtering::HostFilteringLayer;
use transom_middleware::hsts::HstsLayer;
use transom_middleware::https_redirection::HttpsRedirectionLayer;
use transom_middleware::iis::{Iis, IisLayer};
use transom_middleware::method_override::MethodOverrideLayer;
use transom_middleware::owin::UseOwin;
use transom_middleware::path_base::PathBaseLayer;
use transom_middleware::rate_limiting::{Quota, RateLimitingLayer};
use transom_middleware::request_timeouts::RequestTimeoutsLayer;
use transom_middleware::rewrite::{RewriteLayer, Rule};
use transom_middleware::server_timing::ServerTimingLayer;
use transom_middleware::status_code_pages::StatusCodePagesLayer;

use crate::servers::{greet, hosted, started};

/// What every request asks for: what a proxy sends on, or the module of IIS.
pub const ASKED: &str = "GET /shop/item HTTP/1.1\r\nhost: example.com\r\nx-forwarded-for: 192.0.2.1\r\n\
    x-forwarded-proto: https\r\nms-aspnetcore-token: b2fa\r\n\r\n";

/// One pipeline.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// How it is asked for.
    pub name: &'static str,
    /// The pipeline without the layer.
    pub beside: &'static str,
    /// How many instructions it may cost.
    pub instructions: f64,
    /// How many allocations it may cost.
    pub allocations: f64,
    /// What it does with the request.
    pub what: &'static str,
    pipeline: fn(ApplicationBuilder) -> Result<ApplicationBuilder>,
}

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const fn entry(
    name: &'static str,
    instructions: f64,
    allocations: f64,
    what: &'static str,
    pipeline: fn(ApplicationBuilder) -> Result<ApplicationBuilder>,
) -> Entry {
    let beside = NONE;
    Entry {
        name,
        beside,
        instructions,
        allocations,
        what,
        pipeline,
    }
}

impl Entry {
    const fn beside(self, beside: &'static str) -> Self {
        Self { beside, ..self }
    }
}

/// The name of the pipeline without any layer.
pub const NONE: &str = "none";

const FORWARDED: &str = "forwarded-headers";

/// All of them but [`NONE`]. The bounds are what is reached, and a tenth for another compiler.
pub const ALL: &[Entry] = &[
    entry(
        "stage",
        700.0,
        1.0,
        "nothing: what any layer costs as a stage",
        |app| Ok(app.layer(layer_fn(|next: Next| next))),
    ),
    entry(
        "access-log",
        15_000.0,
        13.0,
        "a line of Combined, which a thread drops",
        |app| {
            Ok(app.layer(AccessLogLayer::to_writer(
                LogFormat::Combined,
                std::io::sink(),
            )?))
        },
    ),
    entry(
        "certificate-forwarding",
        2_200.0,
        1.0,
        "no certificate",
        |app| Ok(app.layer(CertificateForwardingLayer::rfc9440())),
    ),
    entry(
        "concurrency-limiter",
        1_650.0,
        2.0,
        "a place is free",
        |app| Ok(app.layer(ConcurrencyLimiterLayer::new(100))),
    ),
    entry(
        "developer-error-page",
        5_000.0,
        10.0,
        "in Development, nothing fails",
        |app| {
            Ok(app.layer(DeveloperErrorPageLayer::in_environment(
                &HostEnvironment::new("Development"),
            )))
        },
    ),
    entry("diagnostics", 800.0, 1.0, "another path", |app| {
        let layer = DiagnosticsLayer::of(&app).guarded_by(|_| true);
        Ok(app.layer(layer))
    }),
    entry("exception-handler", 2_900.0, 2.0, "nothing fails", |app| {
        Ok(app.layer(ExceptionHandlerLayer::new()))
    }),
    entry(FORWARDED, 9_900.0, 9.0, "two fields taken over", |app| {
        Ok(app.layer(forwarded()))
    }),
    entry("health-checks", 850.0, 1.0, "no probe", |app| {
        Ok(app.layer(HealthChecksLayer::new()))
    }),
    entry("host-filtering", 1_650.0, 1.0, "a known host", |app| {
        Ok(app.layer(HostFilteringLayer::new(["example.com"])?))
    }),
    entry("hsts", 2_200.0, 1.0, "a field set, over https", |app| {
        Ok(app.layer(forwarded()).layer(HstsLayer::new()))
    })
    .beside(FORWARDED),
    entry("https-redirection", 900.0, 1.0, "https already", |app| {
        Ok(app.layer(forwarded()).layer(HttpsRedirectionLayer::new()))
    })
    .beside(FORWARDED),
    entry(
        "iis",
        16_500.0,
        14.0,
        "the right token, a prefix and the client",
        |app| Ok(app.layer(iis()?)),
    ),
    entry(
        "method-override",
        850.0,
        1.0,
        "a GET, which is none",
        |app| Ok(app.layer(MethodOverrideLayer::new())),
    ),
    entry(
        "owin",
        12_000.0,
        28.0,
        "one component, which calls the next",
        |app| Ok(app.use_owin(|owin| owin.with(|next| next))),
    ),
    entry("path-base", 2_600.0, 6.0, "a prefix taken off", |app| {
        Ok(app.layer(PathBaseLayer::new("/shop")?))
    }),
    entry("rate-limiting", 1_800.0, 1.0, "within the budget", |app| {
        Ok(app.layer(RateLimitingLayer::new(Quota::token_bucket(
            1_000_000,
            1_000_000,
            Duration::from_secs(1),
        ))))
    }),
    entry("request-timeouts", 4_000.0, 11.0, "in time", |app| {
        Ok(app.layer(RequestTimeoutsLayer::new(Duration::from_secs(30))))
    }),
    entry("rewrite", 2_400.0, 3.0, "one rule, which rewrites", |app| {
        Ok(app.layer(RewriteLayer::new([Rule::rewrite("^shop/(.*)", "/$1")])?))
    }),
    entry("server-timing", 4_750.0, 9.0, "a field set", |app| {
        Ok(app.layer(ServerTimingLayer::always()))
    }),
    entry("status-code-pages", 2_000.0, 2.0, "200", |app| {
        Ok(app.layer(StatusCodePagesLayer::new()))
    }),
];

fn iis() -> Result<IisLayer> {
    let said = [
        ("ASPNETCORE_PORT", "21347"),
        ("ASPNETCORE_APPL_PATH", "/shop"),
        ("ASPNETCORE_TOKEN", "b2fa"),
    ];
    let iis = Iis::from_variables(said)?.ok_or("all three are there")?;
    Ok(iis.into_layer(|| {}))
}

fn forwarded() -> ForwardedHeadersLayer {
    ForwardedHeadersLayer::new([ForwardedPart::For, ForwardedPart::Proto])
}

/// Serves by that name on a port of its own, which it prints, until its standard input is closed.
///
/// # Errors
///
/// There is no such pipeline, or it does not start.
pub fn serve(name: &str) -> Result<()> {
    let app = ApplicationBuilder::new();
    let app = match ALL.iter().find(|entry| entry.name == name) {
        Some(entry) => (entry.pipeline)(app)?,
        None if name == NONE => app,
        None => return Err(format!("there is no pipeline `{name}`").into()),
    };
    let (runtime, listener) = started()?;
    runtime.block_on(hosted(
        HyperServer::from_tcp_listener(listener),
        app.run(greet),
    ))
}
