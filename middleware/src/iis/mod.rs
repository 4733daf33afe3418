//! An application behind IIS, on Windows: the ASP.NET Core Module starts it, hands it requests, and stops it.
//!
//! [`use_iis`](UseIis::use_iis) makes a host one that the module of IIS can start as it starts a program of ASP.NET Core (out of process): it
//! listens where the module waits for it, lets in nobody else, sees the client in place of IIS, and ends when the module
//! asks it to. Started otherwise it does nothing, so that one program runs everywhere. HttpPlatformHandler, the module's forerunner, will do too.
//! `examples/deploy/iis` has the `web.config` of each. ASP.NET Core calls it `UseIISIntegration`.
//!
//! ```
//! use transom::{Host, HyperServer};
//! use transom_middleware::iis::UseIis;
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let host = Host::builder(HyperServer::new("http://127.0.0.1:0")) // for when it is not IIS
//!     .use_iis()?
//!     .configure(|app| app.run_fn(|_| async { "hello" }))
//!     .start()
//!     .await?;
//! assert_eq!(host.addresses().len(), 1);
//! host.stop().await?;
//! # Ok::<_, transom::Error>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! What it does to requests is a layer, here by itself:
//!
//! ```
//! use transom::{ApplicationBuilder, Request, testing::TestServer};
//! use transom_middleware::iis::Iis;
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let said = [("ASPNETCORE_PORT", "21347"), ("ASPNETCORE_APPL_PATH", "/shop"), ("ASPNETCORE_TOKEN", "b2fa")];
//! let iis = Iis::from_variables(said)?.expect("all three are there");
//! let (stop, stopped) = std::sync::mpsc::channel();
//! let app = ApplicationBuilder::new()
//!     .layer(iis.into_layer(move || drop(stop.send(()))))
//!     .run_fn(|request: Request| async move { request.uri().to_string() });
//! let client = TestServer::new().start(app).await?;
//!
//! // Whoever else can connect is refused.
//! assert_eq!(client.get("/shop/cart").await?.status(), 400);
//! let request = http::Request::get("/shop/cart").header("ms-aspnetcore-token", "b2fa").body("")?;
//! assert_eq!(client.send(request).await?.into_body().collect(64).await?, "/cart");
//!
//! let end = http::Request::post("/shop/iisintegration")
//!     .header("ms-aspnetcore-token", "b2fa")
//!     .header("ms-aspnetcore-event", "shutdown")
//!     .body("")?;
//! assert_eq!(client.send(end).await?.status(), 202);
//! stopped.recv()?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! # What the environment says
//!
//! | variable | means |
//! |---|---|
//! | `ASPNETCORE_PORT`, `ASPNETCORE_APPL_PATH`, `ASPNETCORE_TOKEN` | if all three are there, the module started the process: where it waits, where the application is mounted, and a secret |
//! | `ASPNETCORE_IIS_HTTPAUTH` | [`Iis::authentication`] |
//! | `ASPNETCORE_IIS_WEBSOCKETS_SUPPORTED` | `false`: no upgrade is offered to the application; anything else, or nothing: as the server has it |
//! | `HTTP_PLATFORM_PORT` | where HttpPlatformHandler waits, if the module did not start the process |
//!
//! `TRANSOM_` in place of `ASPNETCORE_` wins. Empty ones count as absent. One that is malformed is an error of the start.
//!
//! # What becomes of the host
//!
//! - It listens at `http://127.0.0.1:PORT`, whatever the program, its files or the command line say
//!   ([`with_assigned_urls`](transom::hosting::HostBuilder::with_assigned_urls)); servers beside the first one that takes addresses keep theirs. The path is not a part of it.
//! - The layer stands before the program's own pipeline, whatever that is
//!   ([`with_startup_filter`](transom::hosting::HostBuilder::with_startup_filter)).
//! - A start that fails ends the process, with its error on standard error and a code of its own, which the module writes to its log and answers for with 502.5; it tries again with
//!   the next request. ASP.NET Core's `CaptureStartupErrors` has no counterpart: a program that answers each request by saying that it could not start would
//!   have to be stopped by hand.
//!
//! # What becomes of a request
//!
//! In this order:
//!
//! 1. Without the token in `MS-ASPNETCORE-TOKEN`, exactly once and exactly so, it is answered 400, and that is logged. The token is compared in constant time and never written anywhere.
//! 2. The path base is taken off the path, as by [`path_base`](crate::path_base), and `X-Forwarded-For` and `-Proto` of a peer on this machine
//!    are taken over, as by [`forwarded_headers`](crate::forwarded_headers) with one proxy.
//! 3. A `POST` of `/iisintegration` with `MS-ASPNETCORE-EVENT: shutdown` is answered 202, and the host begins to stop. If any of that is
//!    different, it is the application's.
//! 4. The limit of its body is lifted: IIS has one (`requestLimits`).
//! 5. `MS-ASPNETCORE-CLIENTCERT` becomes [`TlsInfo`](transom::features::TlsInfo), as by [`certificate_forwarding`](crate::certificate_forwarding), unless
//!    [told otherwise](Iis::with_client_certificates).
//! 6. Without WebSockets there is no [`dyn Upgrade`](transom::features::Upgrade), nor the fields that ask for one.
//!
//! None of the module's own fields reaches the application. A second such layer does nothing.
//!
//! The module gives a process `shutdownTimeLimit`, 10 seconds by default, and ends it then: let that be more than the delay and the timeout of the host's shutdown together, 0 and 30 by default.
//!
//! # What it cannot do
//!
//! - **Windows identities.** With Windows authentication the module copies a handle of the user's token into the process for each request, and names it in
//!   `MS-ASPNETCORE-WINAUTHTOKEN`. To use it, and even to close it, takes unsafe code, which this crate has none of. The field is taken out, the first is logged, and the handle stays open as long as
//!   the process lives. So `forwardWindowsAuthToken="false"` belongs into `web.config`, as it is in the sample.
//! - **In process.** There the module loads .NET.
//! - **`DEBUG`**, by which Visual Studio looks for a debugger, is a method like any other.
//! - **HttpPlatformHandler** has neither a token nor a shutdown message: whoever can connect on this machine is believed, and the process is simply ended. Its
//!   `X-IIS-ClientCert` and `X-IIS-WindowsAuthToken` are taken out, for nothing says that they are not the client's.
//!
//! # Outside of Transom
//!
//! [`Iis::into_layer`] works around any service; what is written to features is in [`Features`](transom::Features) for who asks there, and `X-Forwarded-For`
//! is not taken over, since no peer is known. The address is [`Iis::url`].

mod authentication;
#[expect(clippy::module_inception, reason = "a file is called as its type is")]
mod iis;
mod layer;
mod rules;
mod service;
mod token;
mod use_iis;
mod variables;

pub use authentication::IisAuthentication;
pub use iis::Iis;
pub use layer::IisLayer;
pub use service::BehindIis;
pub use use_iis::UseIis;
