//! Liveness, readiness and start-up, for load balancers and orchestrators.
//!
//! [`HealthChecksLayer`] answers three probes and hands everything else on. Each runs the checks with its
//! tag, all at once, and passes unless one of them is unhealthy:
//!
//! | probe | path | tag | |
//! |---|---|---|---|
//! | [`Liveness`](Probe::Liveness) | `/livez` | `live` | fails: start the process anew |
//! | [`Readiness`](Probe::Readiness) | `/readyz` | `ready` | fails: send nothing here for now; also when the server stops |
//! | [`Startup`](Probe::Startup) | `/startupz` | `startup` | fails: not yet; once passed, it stays so |
//!
//! Put it first, so that a probe passes neither host filtering nor a redirection. Its paths are open to
//! whoever reaches the server, and each request runs its checks: keep them cheap, or keep the paths behind
//! the proxy.
//!
//! ```
//! use transom::{ApplicationBuilder, testing::TestServer};
//! use transom_middleware::health_checks::{HealthCheck, HealthChecksLayer, HealthStatus};
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let app = ApplicationBuilder::new()
//!     .layer(HealthChecksLayer::new().with_check(HealthCheck::new("queue", || async { HealthStatus::Healthy })))
//!     .run_fn(|_| async { "hello" });
//! let client = TestServer::new().start(app).await?;
//!
//! let response = client.get("/readyz").await?;
//! assert_eq!(response.status(), 200);
//! let report = response.into_body().collect(1024).await?;
//! assert!(report.starts_with(br#"{"status":"healthy","stopping":false,"#));
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! A database that the application cannot do without, at a path of one's own:
//!
//! ```
//! use std::time::Duration;
//! # use transom::{ApplicationBuilder, testing::TestServer};
//! use transom_middleware::health_checks::{HealthCheck, HealthChecksLayer, Probe};
//!
//! async fn ping() -> Result<(), std::io::Error> {
//!     Err(std::io::Error::other("no route to 10.0.0.7")) // for the log, not for the client
//! }
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let database = HealthCheck::new("database", ping)
//!     .with_tags(["ready", "startup"])
//!     .with_timeout(Duration::from_secs(1));
//! let health = HealthChecksLayer::new()
//!     .with_check(database)
//!     .with_path(Probe::Readiness, "/health/ready")?;
//! let app = ApplicationBuilder::new().layer(health).run_fn(|_| async { "hello" });
//! let client = TestServer::new().start(app).await?;
//!
//! assert_eq!(client.get("/health/ready").await?.status(), 503);
//! assert_eq!(client.get("/startupz").await?.status(), 503);
//! assert_eq!(client.get("/livez").await?.status(), 200);
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! # The answer
//!
//! 200, or 503 if a check is unhealthy; never to be cached. The body is JSON:
//!
//! ```json
//! {"status":"degraded","stopping":false,"duration_ms":12.300,"checks":[
//!   {"name":"queue","status":"degraded","duration_ms":12.100,"description":"1200 wait","tags":["ready"]}]}
//! ```
//!
//! A check that panics or outlives its timeout is unhealthy, and the others are not disturbed. Methods other than `GET` and `HEAD` get
//! 405.
//!
//! # The end
//!
//! Readiness fails from the moment that the host begins to stop. But a server that stops accepts no
//! new connections, so that who asks on a new one is refused; and a load balancer that has not asked yet still sends requests. So let the host serve on for
//! [a while](transom::hosting::HostBuilder::with_shutdown_delay), `--shutdown-delay` for who runs it: a little longer than the period of the probe times the
//! failures that it allows. Kubernetes' `preStop` is then not needed, and its grace period has to be longer than the delay and the shutdown timeout together.
//!
//! ```
//! use std::time::Duration;
//! use transom::{Host, testing::{TestClient, TestServer}};
//! use transom_middleware::health_checks::HealthChecksLayer;
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! let host = Host::builder(TestServer::new())
//!     .with_shutdown_delay(Duration::from_millis(200))
//!     .configure(|app| app.layer(HealthChecksLayer::new()).run_fn(|_| async { "hello" }));
//! let host = host.start().await?;
//! let client = host.server_features().next().unwrap().require::<TestClient>()?.clone();
//! assert_eq!(client.get("/readyz").await?.status(), 200);
//!
//! host.stopper().stop();
//! host.lifetime().stopping().await;
//! # tokio::task::yield_now().await;
//! assert_eq!(client.get("/readyz").await?.status(), 503);
//! assert_eq!(client.get("/").await?.status(), 200);
//! host.wait().await?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! # Outside of Transom
//!
//! All of it works, inside a tokio runtime with a timer; but no server says when it stops, so that readiness is turned off by
//! [`Drain`] alone.

mod check;
mod layer;
mod report;
mod service;

pub use check::{Health, HealthCheck, HealthStatus};
pub use layer::{Drain, HealthChecksLayer, InvalidProbePath, Probe};
pub use service::{HealthChecks, HealthFuture};
