//! A prefix of the path that a proxy left there is taken off.
//!
//! [`PathBaseLayer`] moves a path from the front of the URI to the end of
//! [`PathBase`](transom::features::PathBase), so that an application that is reached at `https://example.com/shop/` is
//! written as if it were at `/`, and can still name its own pages in full. Requests without the prefix pass unchanged.
//! It is what [`use_path_base`](transom::ApplicationBuilder::use_path_base) does, as a layer: for a
//! `tower::ServiceBuilder`, or where no pipeline of Transom is. ASP.NET Core calls it `UsePathBase`.
//!
//! Put it before whatever looks at the path, and after [`forwarded_headers`](crate::forwarded_headers), whose
//! `X-Forwarded-Prefix` is for proxies that take the prefix off themselves.
//!
//! ```
//! use transom::features::PathBase;
//! use transom::{ApplicationBuilder, Request, RequestExt, testing::TestServer};
//! use transom_middleware::path_base::PathBaseLayer;
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let app = ApplicationBuilder::new().layer(PathBaseLayer::new("/shop")?).run_fn(|request: Request| async move {
//!     let base = request.feature::<PathBase>().map_or("", PathBase::as_str);
//!     format!("[{base}]{}", request.uri())
//! });
//! let client = TestServer::new().start(app).await?;
//!
//! for (asked, seen) in [("/shop/cart?n=1", "[/shop]/cart?n=1"), ("/SHOP", "[/SHOP]/"), ("/shopping", "[]/shopping")] {
//!     assert_eq!(client.get(asked).await?.into_body().collect(64).await?, seen);
//! }
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! Around any tower service, where no Transom is:
//!
//! ```
//! use tower::{Layer, ServiceExt};
//! use transom_middleware::path_base::PathBaseLayer;
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let page = tower::service_fn(|request: http::Request<()>| async move { Ok::<_, std::io::Error>(request.uri().to_string()) });
//! let service = PathBaseLayer::new("/app/")?.layer(page);
//! assert_eq!(service.oneshot(http::Request::get("https://example.com/app/a%2Fb").body(())?).await?, "https://example.com/a%2Fb");
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! # What matches
//!
//! Whole segments, ASCII case ignored, percent-encoding compared as it is: `/app` is the beginning of `/app`, `/app/` and `/APP/x`, not of
//! `/apple` or `/%61pp`. What moves keeps the request's own spelling. Where all of the path moves, `/` is left. `OPTIONS *` and
//! `CONNECT` have no path and pass. [`OriginalTarget`](transom::features::OriginalTarget) stays what the client sent.
//!
//! # Outside of Transom
//!
//! All of it works. An axum `Router` has looked at the path before the layers that were given to it run: put this one around the router.

mod layer;
mod service;

pub use layer::PathBaseLayer;
pub use service::TakePathBase;
