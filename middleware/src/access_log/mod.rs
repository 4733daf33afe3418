//! A line for each request: who asked what, and what he got. Common, Combined, W3C extended or JSON, to files, to any
//! writer, or as events of `tracing`.
//!
//! [`AccessLogLayer`] writes exactly one line for a request, when the server has taken all of the response, or when it
//! is clear that it will not: the client went away, the service failed or panicked. So it knows how long that took,
//! how many bytes were sent, and [how it ended](#how-a-request-ends). ASP.NET Core has `UseW3CLogging` and
//! `UseHttpLogging` for it.
//!
//! Put it after [`forwarded_headers`](crate::forwarded_headers), so that it sees the client and not the proxy; after
//! [`health_checks`](crate::health_checks), so that it does not log probes; and before everything else, so that it sees
//! what they refuse, and bytes as they are compressed.
//!
//! ```
//! use transom::{ApplicationBuilder, testing::TestServer};
//! use transom_middleware::access_log::{AccessLogLayer, LogFormat, RollingFile};
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! # let directory = std::env::temp_dir().join(format!("transom-access-log-{}", std::process::id()));
//! // Seven files of 100 MB at most; 4 of 10 MiB without these.
//! let files = RollingFile::in_directory(&directory)
//!     .with_size_limit(Some(100_000_000))
//!     .with_retained(Some(7));
//! // If the directory cannot be written, it says so here.
//! let log = AccessLogLayer::to_files(LogFormat::Combined, files)?
//!     .with_masked_parameters(["token"]);
//! let app = ApplicationBuilder::new().layer(log.clone()).run_fn(|_| async { "hello" });
//! let client = TestServer::new().start(app).await?;
//! client.get("/a?token=secret").await?.into_body().collect(64).await?;
//!
//! // A program has no need of this: what is queued is written when the last clone of the layer is dropped.
//! assert!(log.flush());
//! let file = std::fs::read_dir(&directory)?.next().unwrap()?;
//! let line = std::fs::read_to_string(file.path())?;
//! assert!(line.ends_with("] \"GET /a?token=*** HTTP/1.1\" 200 5 \"-\" \"-\"\n"), "{line}");
//! # std::fs::remove_dir_all(&directory)?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! As JSON to a function; to standard output it would be
//! [`to_writer`](AccessLogLayer::to_writer)`(JsonFormat::new(), std::io::stdout())`:
//!
//! ```
//! use transom::{ApplicationBuilder, testing::TestServer};
//! use transom_middleware::access_log::{AccessLogLayer, JsonFormat};
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let (sender, lines) = std::sync::mpsc::channel();
//! let log = AccessLogLayer::to_function(JsonFormat::new(), move |line| {
//!     let _ = sender.send(line.to_owned());
//! })?;
//! let app = ApplicationBuilder::new().layer(log).run_fn(|_| async { "hello" });
//! let client = TestServer::new().start(app).await?;
//! client.get("/a").await?.into_body().collect(64).await?;
//!
//! let line: serde_json::Value = serde_json::from_str(&lines.recv()?)?;
//! assert_eq!((&line["target"], &line["status"], &line["bytes"]), (&"/a".into(), &200.into(), &5.into()));
//! assert_eq!(line["outcome"], "complete");
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! # How a request ends
//!
//! | outcome | what happened | status |
//! |---|---|---|
//! | `complete` | the server took all of the response | that of the response |
//! | `disconnected` | the client was gone before that, or had closed its side | that of the response, or 499 if there was none |
//! | `aborted` | the application [hung up](transom::features::RequestLifetime::abort) | that of the response, or 499 if there was none |
//! | `failed` | the service, or the content of the response, ended with an error | that of the response, or 500 if there was none |
//! | `panicked` | the service, or the content of the response, panicked | that of the response, or 500 if there was none |
//!
//! 499 is nginx's: closed before it was answered. Common and Combined have no place for an outcome, so they have 499 for
//! whatever was `disconnected`; the number of bytes tells whether something was sent. When a host's patience ends, or a
//! timeout further out gives up, the request is dropped as it is when a client goes: that is `disconnected`, too.
//!
//! Bytes are those of the content that the server took from the response. The head, the framing (chunks, frames of
//! HTTP/2) and TLS are not counted, and what still lies in buffers below when a client goes was not received by it. A
//! response to HEAD, a 204 and a 304 have none.
//!
//! A stream that does not end by itself, such as server-sent events, is logged when the client leaves it. An upgraded
//! connection is logged with its 101, and without bytes: what follows is no HTTP.
//!
//! # The formats
//!
//! The client is [`ConnectionInfo::remote`](transom::features::ConnectionInfo::remote), without a port; the target is as
//! it was sent, whatever was rewritten since; the user is that of [`LoggedUser`], or a gateway's `REMOTE_USER`; the
//! time is when the request came, in UTC. In all formats a line is visible ASCII from end to end: quotes, backslashes,
//! controls and all else are `\xHH`, as with nginx, and `\u....` in JSON. What is not known, or empty, is `-`, and so is
//! no byte in Common and Combined.
//!
//! [`W3cFormat`] has columns of one's choice; `#Version`, `#Start-Date` and `#Fields` are at the head of each file, and
//! where a file that was there is continued.
//!
//! # JSON
//!
//! A key whose value is not known is left out.
//!
//! | key | value |
//! |---|---|
//! | `time` | when the request came: RFC 3339, UTC, milliseconds |
//! | `client_ip`, `client_port` | the client after forwarded headers |
//! | `user` | see above |
//! | `method`, `target`, `protocol` | `GET`, `/a?b`, `HTTP/1.1` |
//! | `scheme`, `host` | `https`, `example.com` |
//! | `status`, `bytes` | numbers, see above |
//! | `duration_ms` | a number, with up to three decimals |
//! | `outcome` | see above |
//! | `referer`, `user_agent` | fields of the request |
//! | `request_id` | [`RequestIdentifier`](transom::features::RequestIdentifier) |
//! | `headers` | those of [`with_request_field`](JsonFormat::with_request_field), by their names in lower case |
//!
//! # Secrets
//!
//! Queries are logged unless [`without_query`](AccessLogLayer::without_query) or
//! [`with_masked_parameters`](AccessLogLayer::with_masked_parameters) says otherwise; either holds for `Referer` too, where
//! the next request repeats them. Of the request's fields only those are logged that a format names, and a value that is
//! [marked as sensitive](http::HeaderValue::set_sensitive) is `***`.
//!
//! # When nothing can be written
//!
//! A request never waits for a disk: its line goes to a queue of [bounded size](AccessLogLayer::with_queue_size), and a
//! thread writes. When the queue is full, lines are dropped; when there is room again, a warning says how many. When
//! nothing can be written, one error is logged, and a warning with the number of lost lines when it can.
//! [`lost`](AccessLogLayer::lost) has the sum.
//!
//! # Why not `TraceLayer`
//!
//! tower-http's makes spans and events for whoever debugs. It knows no formats, bytes or clients, and says nothing of a
//! request that was dropped. Use both.
//!
//! # Outside of Transom
//!
//! Client, server, user, scheme and identifier are not known there, unless a layer before puts such features into the
//! request; that a client has closed its side is seen only when the response is dropped. The rest is the same.

mod body;
mod clock;
mod entry;
mod format;
mod future;
mod layer;
mod outcome;
mod query;
mod record;
mod service;
mod shared;
mod sink;
mod user;

pub use body::AccessLogBody;
pub use format::{JsonFormat, LogFormat, W3cField, W3cFormat};
pub use future::AccessLogFuture;
pub use layer::AccessLogLayer;
pub use service::AccessLog;
use shared::Shared;
pub use sink::RollingFile;
pub use user::LoggedUser;
