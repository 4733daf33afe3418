//! A `POST` that stands for another method, for clients that can send no other: HTML forms, and those behind
//! a proxy that lets nothing else through.
//!
//! [`MethodOverrideLayer`] replaces the method of a `POST` by the one that the field `X-HTTP-Method-Override`
//! asks for, or a field of a form that was posted. ASP.NET Core calls it `UseHttpMethodOverride`.
//!
//! Put it before routing, and after whatever decides by the method that came over the wire. A check against
//! cross-site requests has to count a `POST` as unsafe, and behind this layer no method may be taken for safe because a
//! form cannot send it.
//!
//! ```
//! use transom::{ApplicationBuilder, Request, testing::TestServer};
//! use transom_middleware::method_override::MethodOverrideLayer;
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let app = ApplicationBuilder::new()
//!     .layer(MethodOverrideLayer::new())
//!     .run_fn(|request: Request| async move { request.method().to_string() });
//! let client = TestServer::new().start(app).await?;
//!
//! for (asked, seen) in [("DELETE", "DELETE"), ("CONNECT", "POST")] {
//!     let request = http::Request::post("/").header("x-http-method-override", asked).body("")?;
//!     assert_eq!(client.send(request).await?.into_body().collect(16).await?, seen);
//! }
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! A field of a form, which the application gets whole:
//!
//! ```
//! # use transom::{ApplicationBuilder, Request, testing::TestServer};
//! # use transom_middleware::method_override::MethodOverrideLayer;
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let app = ApplicationBuilder::new()
//!     .layer(MethodOverrideLayer::from_form_field("_method").with_max_form_size(4096))
//!     .run_fn(|request: Request| async move {
//!         let method = request.method().to_string();
//!         let form = request.into_body().collect(4096).await?;
//!         Ok::<_, transom::body::Error>(format!("{method} {}", String::from_utf8_lossy(&form)))
//!     });
//! let client = TestServer::new().start(app).await?;
//!
//! let form = http::Request::post("/").header("content-type", "application/x-www-form-urlencoded");
//! let response = client.send(form.body("a=1&_method=put")?).await?;
//! assert_eq!(response.into_body().collect(64).await?, "PUT a=1&_method=put");
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! # What counts
//!
//! - Only `POST` is overridden.
//! - Only by `PUT`, `PATCH` or `DELETE`, or [those that are given](MethodOverrideLayer::with_methods); ASCII case does not matter.
//!   ASP.NET Core takes any text.
//! - A request that asks for another method, or for several in lines of their own, stays a `POST`. That is logged at `debug`.
//! - With a form field, the header does not count, as in ASP.NET Core.
//!
//! # Forms
//!
//! A form is `application/x-www-form-urlencoded`, without `Content-Encoding`; of several fields with the name the first counts. It is read before the
//! application is called, to its end or to [`with_max_form_size`](MethodOverrideLayer::with_max_form_size), 64 KiB by default. A
//! longer one is handed on as it is, and stays a `POST`; if `Content-Length` tells that it is longer, nothing of it is read.
//! Nothing that was read is lost: the application gets the same content, trailers and errors. Reading sends
//! `100 Continue` where the client waits for it, and freezes [`MaxRequestBodySize`](transom::features::MaxRequestBodySize). Other
//! requests are not touched.
//!
//! # Outside of Transom
//!
//! All of it works, but the time that a form may take is for the server to limit. The inner service gets its body as a [`Replayed`] of the one
//! that came.

mod form;
mod layer;
mod replayed;
mod service;

pub use layer::MethodOverrideLayer;
pub use replayed::Replayed;
pub use service::{MethodOverride, MethodOverrideFuture};
