//! What every server needs, so that a server author writes only what is particular to his engine.
//!
//! The default server and the in-memory one are made of these parts too: they use nothing that an
//! adapter crate cannot.
//!
//! | part | what it takes off the author's hands |
//! |---|---|
//! | [`Dispatcher`], [`Connection`], [`Call`] or [`Begun`] | the features of a request, the one form of its URI and `Host`, the limit of its body, panics, abort, the framing of bodiless responses, counting what is in flight |
//! | [`check_head`], [`check_parts`] | refusing a wrong target or `Host`, for an engine that does not look at them |
//! | [`upgrade_offer`] | `dyn Upgrade` for an engine that completes it later |
//! | [`body_pump`] | a body from an engine whose own is not `Send` or blocks |
//! | [`HostRuntime`] (feature `tokio`) | polling the application where its timers and sockets work |
//! | [`bind`], [`bind_with`] (feature `net`) | listeners from addresses: port 0, both loopbacks, both families, unix sockets |
//! | [`bound_features`] (feature `net`) | the features of a server that is bound: who it is, where, and its statistics |
//! | [`inherited`] (feature `net`, on unix) | listeners that a service manager opened |
//! | [`pem_certificates`] (feature `pem`) | certificates of clients, as gateways pass them on |
//! | [`Mount`] | an application that the server of another framework calls |
//! | [`OnUpgrade` bridge](Dispatcher) (feature `upgrade-bridge`) | axum's `WebSocketUpgrade` on a server that is not hyper |
//!
//! # Measures
//!
//! With the cargo feature `metrics`, every server that is made of these parts has them, under the names of
//! OpenTelemetry. The program installs the recorder, Prometheus's say; without one they cost next to nothing.
//!
//! | name | what | labels |
//! |---|---|---|
//! | `http.server.request.duration` | histogram, in seconds: from the head of a request to the end of its response | `url.scheme`, `http.request.method`, `network.protocol.version`, `http.response.status_code`, `error.type` |
//! | `http.server.active_requests` | gauge: requests in flight | `url.scheme`, `http.request.method` |
//!
//! A method that is not of RFC 9110 or RFC 5789 is `_OTHER`. There is an `error.type` if something went wrong:
//! `panic`, `invalid_response`, `response_body` (it failed, or its length was wrong), `aborted` (by the
//! application), `incomplete` (the client went away, or the server ended), or else the status of a 5xx.
//! There is no status if there was no response.
//!
//! # Spans
//!
//! With the cargo feature `tracing`, a request has a span named `request` of the target `transom::adapter`, at
//! the level `DEBUG`, with the fields `id`, `peer`, `protocol`, `method`, `path` (without the query), `status`
//! and `error`, which is the `error.type` from above. The application is polled in it, and so is the body of
//! its response. It is made only if the subscriber wants it.
//!
//! [`guide`] builds one step by step; `examples/09_write_an_adapter.rs` is a whole server made of these parts.

mod begun;
#[cfg(feature = "upgrade-bridge")]
mod bridge;
mod call;
mod check;
mod connection;
mod dispatcher;
#[cfg(all(feature = "net", feature = "tokio"))]
pub mod guide;
mod head;
#[cfg(feature = "net")]
mod listen;
mod mount;
mod observe;
mod offer;
#[cfg(feature = "pem")]
mod pem;
mod pump;
mod response_body;
#[cfg(feature = "tokio")]
mod runtime;

pub use begun::Begun;
pub use call::{Aborted, Call};
pub use check::{InvalidHead, check_head, check_parts};
pub use connection::Connection;
pub use dispatcher::Dispatcher;
#[cfg(all(feature = "net", unix))]
pub use listen::inherited;
#[cfg(feature = "net")]
pub use listen::{Listener, Socket, SocketOptions, bind, bind_with, bound_features};
pub use mount::{Arrival, Mount, MountBody};
pub use offer::{UpgradeCompletion, upgrade_offer};
#[cfg(feature = "pem")]
pub use pem::pem_certificates;
pub use pump::{BodySender, PumpClosed, body_pump};
pub use response_body::ResponseBody;
#[cfg(feature = "tokio")]
pub use runtime::{Entered, HostRuntime, Offloaded};
