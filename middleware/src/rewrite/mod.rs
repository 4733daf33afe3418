//! Paths are rewritten or redirected by rules, from code or from a file.
//!
//! [`RewriteLayer`] follows [`Rule`]s: a regular expression for the path, what it is replaced by, and conditions. ASP.NET Core calls
//! it `UseRewriter`. For one redirection of everything there is `tower_http::services::Redirect`, for slashes at the end of a path
//! `tower_http::normalize_path`, and for a rule that is more than that, a function.
//!
//! Put it before routing, after [`forwarded_headers`](crate::forwarded_headers) and [`host_filtering`](crate::host_filtering): redirections are made of the host that the client
//! named.
//!
//! ```
//! use http::StatusCode;
//! use transom::{ApplicationBuilder, Request, testing::TestServer};
//! use transom_middleware::rewrite::{RewriteLayer, Rule};
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let rules = RewriteLayer::new([
//!     Rule::rewrite(r"^/articles/(\d+)$", "/article?id=$1").with_last(true),
//!     Rule::redirect(r"^/blog/(?<page>.*)$", "https://blog.example.com/${page}").with_status(StatusCode::PERMANENT_REDIRECT),
//! ])?;
//! let app = ApplicationBuilder::new().layer(rules).run_fn(|request: Request| async move { request.uri().to_string() });
//! let client = TestServer::new().start(app).await?;
//!
//! let response = client.get("/articles/7?full").await?;
//! assert_eq!(response.into_body().collect(64).await?, "/article?id=7&full");
//! let response = client.get("/blog/2026").await?;
//! assert_eq!(response.status(), 308);
//! assert_eq!(response.headers()["location"], "https://blog.example.com/2026");
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! # Rules from a file
//!
//! A file of TOML has a table `rule` for each, which is followed in this order. Patterns are best in single quotes, where a backslash is one.
//!
//! | key | | |
//! |---|---|---|
//! | `match` | pattern of the path; not needed with `redirect-to` | |
//! | `host`, `query` | patterns, too | [`with_host`](Rule::with_host), [`with_query`](Rule::with_query) |
//! | `scheme` | `"http"` or `"https"` | [`with_scheme`](Rule::with_scheme) |
//! | `methods` | a list | [`with_methods`](Rule::with_methods) |
//! | `rewrite` | the path in its place | [`rewrite`](Rule::rewrite) |
//! | `redirect` | the path or URL to go to | [`redirect`](Rule::redirect) |
//! | `redirect-to` | `"https"`, `"www"` or `"non-www"` | [`redirect_to_https`](Rule::redirect_to_https), [`redirect_to_www`](Rule::redirect_to_www), [`redirect_to_non_www`](Rule::redirect_to_non_www) |
//! | `port` | of `https` | [`redirect_to_https_port`](Rule::redirect_to_https_port) |
//! | `status` | of a redirection | [`with_status`](Rule::with_status) |
//! | `last` | `true` ends the rules | [`with_last`](Rule::with_last) |
//!
//! A key that is none, a pattern that is malformed, or a group that is not there is an error when the file is read, with its line:
//!
//! ```
//! use transom_middleware::rewrite::RewriteLayer;
//!
//! let rules = r#"
//! [[rule]]
//! redirect-to = "non-www"
//! host = '^www\.example\.(com|org)$'
//! status = 308
//!
//! [[rule]]
//! match = '^/old/(.*)$'
//! methods = ["GET", "HEAD"]
//! rewrite = '/new/$1'
//! "#;
//! RewriteLayer::from_toml(rules)?;
//!
//! let error = RewriteLayer::from_toml(&rules.replace("$1", "$2")).unwrap_err();
//! assert_eq!(error.to_string(), "line 10: `rewrite`: `$2` is no group of the pattern of the path, which has 1");
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! # How a rule is followed
//!
//! - A rule is for a request if its patterns and conditions all are. The path is what comes after [`PathBase`](transom::features::PathBase), with its first `/`, and
//!   percent-encoded as the client wrote it. Patterns are those of the crate [`regex`](https://docs.rs/regex): they match anywhere unless `^` and `$` say otherwise, case counts unless
//!   `(?i)` says otherwise, and the time that they take grows with the length of the path and no faster.
//! - In a replacement, `$1` or `${1}` is a group of the pattern of the path, `${name}` one of the path, else of the host, else of the query, and `$$` a `$`. A group that did not take part is empty.
//! - The query of the request comes after that of the replacement.
//! - Rules after a rewrite see what it made; each is followed at most once, so that none can loop. [`OriginalTarget`](transom::features::OriginalTarget) stays what the client sent.
//! - A redirection to a path is to one below the path base. It never begins with two slashes, and no group can be in the host of a URL: a client cannot choose where
//!   others are sent.
//! - What makes no target, because it would be too long, is answered with 400.
//! - `OPTIONS *` and `CONNECT` have no path, and pass.
//!
//! # Outside of Transom
//!
//! Rewrites and redirections work. The scheme is that of the URI, which HTTP/2 has there; where HTTP/1.1 leaves it out, rules that need it are for no
//! request.

mod compiled;
mod file;
mod layer;
mod rule;
mod service;
mod template;

pub use layer::{InvalidRule, RewriteLayer};
pub use rule::Rule;
pub use service::Rewrite;
