//! What failed and where, for whoever writes the application, and for nobody else.
//!
//! [`DeveloperErrorPageLayer`] answers where what comes after it [fails](crate::exception_handler#what-is-a-failure), and shows all that is known: the error and what caused
//! it, a backtrace if one was captured, the pipeline with the stage that failed, the request, its connection and its server. ASP.NET Core calls
//! it `UseDeveloperExceptionPage`.
//!
//! **Only where the environment of the host is `Development`.** In any other, and where nothing says which it is, the layer hands on whatever comes, and its
//! page does not exist. Put it after [`exception_handler`](crate::exception_handler), which answers in the other environments.
//!
//! ```
//! use transom::{App, ApplicationBuilder, Host, pipeline::Failure, testing::TestServer};
//! use transom_middleware::developer_error_page::DeveloperErrorPageLayer;
//!
//! async fn broken(_: transom::Request) -> Result<&'static str, Failure> {
//!     Err(std::io::Error::other("no route to 10.0.0.7"))?
//! }
//!
//! fn pipeline(app: ApplicationBuilder) -> App {
//!     let page = DeveloperErrorPageLayer::of(&app);
//!     app.layer(page).run_fn(broken)
//! }
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! // A host tells its pipeline what the environment is.
//! let host = Host::builder(TestServer::new()).with_environment("Development").configure(pipeline);
//! host.start().await?.stop().await?;
//!
//! // Without one, it is `Production`.
//! let client = TestServer::new().start(pipeline(ApplicationBuilder::new())).await?;
//! let response = client.get("/").await?;
//! assert_eq!(response.status(), 500);
//! assert_eq!(response.into_body().collect(64).await?, "");
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! Around any service, where no host of Transom is, and with a secret that its name does not tell:
//!
//! ```
//! use http::{Request, Response};
//! use tower::{Layer, ServiceExt};
//! use transom::hosting::HostEnvironment;
//! use transom_middleware::developer_error_page::DeveloperErrorPageLayer;
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let broken = tower::service_fn(|_: Request<()>| async { Err::<Response<String>, _>(std::io::Error::other("a mistake")) });
//! let layer = DeveloperErrorPageLayer::in_environment(&HostEnvironment::new("Development")).with_secret("tenant");
//!
//! let request = Request::get("/?tenant=acme").header("accept", "text/plain").body(())?;
//! let response = layer.layer(broken).oneshot(request).await?;
//! assert!(response.body().contains("tenant: (not shown)"));
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! # The answer
//!
//! HTML, text or [problem details](crate::problem_details) with the error, as `Accept` asks; never to be stored. The page loads nothing, runs nothing and
//! cannot be framed (`Content-Security-Policy`), and whatever it shows is escaped.
//!
//! # Secrets
//!
//! Fields of the head and of the query are not shown whose name has one of these in it: `api-key`, `assertion`, `authorization`, `client-cert`, `cookie`, `credential`, `jwt`,
//! `passw`, `secret`, `session`, `signature`, `ssl-client`, `token`; or is `auth`, `code`, `key`, `pass`, `pwd`, `sid`, `sig`. Nor are values marked as
//! [sensitive](http::HeaderValue::set_sensitive), and those of [`with_secret`](DeveloperErrorPageLayer::with_secret). Bodies are never shown. What an error has in its
//! text, and a client in its path, is.
//!
//! # What is known
//!
//! - The stage, where a layer's service failed, a function of the pipeline returned a [`Failure`](transom::pipeline::Failure), or one of them panicked.
//! - A backtrace of where the error became a `Failure`, if `RUST_BACKTRACE` asks for one; that of a panic is in the log.
//!
//! # Outside of Transom
//!
//! All of it works, but there is less to show.

mod layer;
mod page;
mod report;
mod secrets;
mod service;

pub use layer::DeveloperErrorPageLayer;
pub use service::{DeveloperErrorPage, DeveloperErrorPageFuture};
