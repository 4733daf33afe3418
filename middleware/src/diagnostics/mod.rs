//! How the host, its servers and its pipeline are at this moment, as a page and as JSON.
//!
//! [`DiagnosticsLayer`] answers `GET /diagnostics`, and hands everything else on. It shows
//!
//! - the host: its environment, since when it serves, and how far it has come;
//! - each server: its addresses, connections and requests, what it rejected and for which cause, its limits and its features;
//! - the pipeline as it was built, branches included.
//!
//! ASP.NET Core has no such page; what it shows is read there with `dotnet-counters`.
//!
//! Put it after [`forwarded_headers`](crate::forwarded_headers) and the log, so that a guard sees the client and not the proxy, and the log has
//! who looked; and before whatever limits, redirects or rewrites, so that it answers when the application is busy.
//!
//! **Only where the environment of the host is `Development`**, or behind a [guard](DiagnosticsLayer::guarded_by) in any environment.
//!
//! ```
//! use transom::{App, ApplicationBuilder, Host, testing::{TestClient, TestServer}};
//! use transom_middleware::diagnostics::DiagnosticsLayer;
//!
//! fn pipeline(app: ApplicationBuilder) -> App {
//!     let diagnostics = DiagnosticsLayer::of(&app);
//!     app.layer(diagnostics).run_fn(|_| async { "hello" })
//! }
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let host = Host::builder(TestServer::new()).with_environment("Development").configure(pipeline).start().await?;
//! let client = host.server_features().next().unwrap().require::<TestClient>()?;
//!
//! let report = client.get("/diagnostics").await?.into_body().collect(1 << 20).await?;
//! assert!(report.starts_with(br#"{"host":{"environment":"Development","state":"started","#));
//! host.stop().await?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! In production, for whoever has a token, at a path of one's own:
//!
//! ```
//! # use transom::{ApplicationBuilder, Body, testing::TestServer};
//! use transom_middleware::diagnostics::DiagnosticsLayer;
//! # fn is_equal_in_constant_time(one: &[u8], other: &[u8]) -> bool { one == other }
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let app = ApplicationBuilder::new();
//! let diagnostics = DiagnosticsLayer::of(&app)
//!     .with_path("/internal/state")?
//!     .guarded_by(|request| {
//!         let token = request.headers().get("authorization");
//!         token.is_some_and(|token| is_equal_in_constant_time(token.as_bytes(), b"Bearer open-sesame"))
//!     });
//! let client = TestServer::new().start(app.layer(diagnostics).build()).await?;
//!
//! // Who may not see it sees what there would be without it.
//! assert_eq!(client.get("/internal/state").await?.status(), 404);
//! let request = http::Request::get("/internal/state").header("authorization", "Bearer open-sesame");
//! assert_eq!(client.send(request.body(Body::empty())?).await?.status(), 200);
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! # Never for everybody
//!
//! It says which server runs here, in which version, and where else it listens; how busy it is, where its limits are, and what of an attack it
//! notices; which stages a request passes, and which branches there are. Who attacks would like to know each of these. There are no secrets in
//! it: it shows no field of any request, no client, no variable of the process, and no configuration but limits and addresses.
//!
//! A request that the guard refuses is handed on as if the layer were not there, whatever its method is, so that a guess at the path is answered as
//! any other. The log has a line of it.
//!
//! # The answer
//!
//! HTML or JSON, as `Accept` asks; JSON for who takes anything. Never to be stored. The page loads nothing, runs nothing and cannot be framed
//! (`Content-Security-Policy`); whatever it shows is escaped. Methods other than `GET` and `HEAD` get 405. A query does not count.
//!
//! The JSON has these keys, always all of them; others may come. What is not known is `null`.
//!
//! | key | |
//! |---|---|
//! | `host` | `null` where the pipeline is not that of a host |
//! | `host.environment` | its name |
//! | `host.state` | `starting`, `started`, `stopping` or `stopped` |
//! | `host.started_at` | when every server served, in seconds since 1970 |
//! | `host.uptime_seconds` | how long ago that is |
//! | `servers[]` | in the order in which the host was given them |
//! | `servers[].name`, `.version` | |
//! | `servers[].adapter` | the crate that wraps the server: `name`, `version`; or `null` |
//! | `servers[].addresses[]` | what is bound |
//! | `servers[].requested_addresses[]` | what was asked for |
//! | `servers[].statistics` | `null` if the server keeps none |
//! | `servers[].statistics.connections`, `.requests`, `.upgraded` | each `now`, and in `total` since it was bound; the request for this is one of `requests` |
//! | `servers[].statistics.rejections.total` | requests that the server refused by itself, and connections that it refused or ended |
//! | `servers[].statistics.rejections.causes[]` | each `cause` with its `count` |
//! | `servers[].limits[]` | `null` if the server lists none |
//! | `servers[].limits[].name` | of the option that sets it |
//! | `servers[].limits[].value` | a number; `null` if the limit is off |
//! | `servers[].limits[].unit` | `count`, `bytes`, `bytes_per_second` or `seconds`; `null` if the limit is off |
//! | `servers[].features[]` | the names of its [features](transom::features) |
//! | `pipeline[]` | the stages in the order in which a request meets them |
//! | `pipeline[].name` | |
//! | `pipeline[].branch[]` | the stages of the branch that begins there, each like these |
//!
//! # Without a host
//!
//! There is no environment, so that only a guard opens it. It shows the one server that the request came by.

mod guard;
mod layer;
mod page;
mod report;
mod service;
mod units;

pub use layer::{DiagnosticsLayer, InvalidDiagnosticsPath};
pub use service::{Diagnostics, DiagnosticsFuture};
