//! An application that somebody else calls.
//!
//! A [`Mount`] is an application without a server: it is stored in the router of another framework, and that
//! framework's server calls it. What a server of this crate does around each call is done all the same.
//!
//! Whatever takes a tower `Service` takes it as it is, such as axum, tonic, and a program on hyper. For
//! other frameworks there is a crate each, made of [`Mount::call`].
//!
//! # In axum
//!
//! ```
//! use transom::adapter::Mount;
//! use transom::features::{PathBase, ServerInfo};
//! use transom::{Body, Features, Request, RequestExt, Response};
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let new = async |request: Request| {
//!     let base = request.feature::<PathBase>().map(PathBase::as_str).unwrap_or_default();
//!     Response::new(Body::from(format!("{base} and {}", request.uri())))
//! };
//! let mut features = Features::new();
//! features.insert(ServerInfo::new("axum", "0.8"));
//! let mount = Mount::new(new, features);
//!
//! // `nest_service` takes the prefix off, and the mount is told which. Everything else is axum's still;
//! // or, with `fallback_service`, all that axum has no route for is the mount's.
//! let app = axum::Router::new()
//!     .route("/old", axum::routing::get(async || "old"))
//!     .nest_service("/new", mount.clone().with_stripped_path_base(PathBase::new("/new")?))
//!     .fallback_service(mount.clone());
//!
//! use tower::ServiceExt;
//! let get = |path| http::Request::get(path).header("host", "example.com").body(Body::empty());
//! for (path, answer) in [("/old", "old"), ("/new/a?b", "/new and /a?b"), ("/c", " and /c")] {
//!     let response = app.clone().oneshot(get(path)?).await?;
//!     assert_eq!(axum::body::to_bytes(response.into_body(), 64).await?, answer);
//! }
//!
//! // In a program: once `axum::serve(..).with_graceful_shutdown(..)` was asked to end.
//! mount.stop().await;
//! # Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
//! ```
//!
//! The framework knows the connection, and a layer of it tells the mount, by an [`Arrival`] among the
//! extensions of the request. See `examples/16_mount_in_axum.rs`, where a handler of WebSocket moves too.

mod arrival;
mod body;
#[expect(
    clippy::module_inception,
    reason = "the folder is named after what is in it"
)]
mod mount;
#[cfg(feature = "upgrade-bridge")]
mod on_upgrade;
mod service;
mod upgrade;

pub use arrival::Arrival;
pub use body::MountBody;
pub use mount::Mount;
