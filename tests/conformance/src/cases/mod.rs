//! The cases, one file a group. How to add one is in the [crate's documentation](crate).

mod cancel;
mod concurrency;
mod edge;
mod end;
mod errors;
mod events;
mod features;
mod framing;
mod grpc;
mod held;
mod host;
mod http2;
mod limits;
mod own_runtime;
mod proxy;
mod request_body;
mod request_head;
mod request_target;
mod response;
mod start;
mod stop;
mod times;
mod tls;
mod upgrade;
mod websocket;

use crate::{Case, DEADLINE, Outcome, within_for};

/// A group of cases: those of one part of the contract.
#[derive(Debug)]
pub struct Group {
    title: &'static str,
    cases: Vec<Case>,
}

impl Group {
    fn new(title: &'static str, cases: Vec<Case>) -> Self {
        Self { title, cases }
    }

    /// Returns what the cases are about.
    pub fn title(&self) -> &'static str {
        self.title
    }

    /// Returns the cases.
    pub fn cases(&self) -> &[Case] {
        &self.cases
    }
}

/// Returns every group, in the order of the specification. A new group is a line here.
pub fn groups() -> Vec<Group> {
    vec![
        Group::new("The target of a request", request_target::cases()),
        Group::new("The head of a request", request_head::cases()),
        Group::new("The features", features::cases()),
        Group::new("TLS", tls::cases()),
        Group::new("The body of a request", request_body::cases()),
        Group::new("Where a request ends", framing::cases()),
        Group::new("The response", response::cases()),
        Group::new("What fails", errors::cases()),
        Group::new("A client that goes away", cancel::cases()),
        Group::new("Many requests at once", concurrency::cases()),
        Group::new("Upgrades", upgrade::cases()),
        Group::new("WebSocket", websocket::cases()),
        Group::new("Server-sent events", events::cases()),
        Group::new("gRPC", grpc::cases()),
        Group::new("The frames of HTTP/2", http2::cases()),
        Group::new("The start of a server", start::cases()),
        Group::new("The stop of a server", stop::cases()),
        Group::new("The end of a server", end::cases()),
        Group::new("How long a client may take", times::cases()),
        Group::new("How much a client may take", limits::cases()),
        Group::new(
            "What a client of HTTP/2 or HTTP/3 is held to",
            edge::cases(),
        ),
        Group::new("What a proxy says", proxy::cases()),
        Group::new("A host and its servers", host::cases()),
    ]
}

/// Returns every case.
pub fn all() -> Vec<Case> {
    groups().into_iter().flat_map(|group| group.cases).collect()
}

/// Waits for something that may fail, and fails itself only if the client is left to wait: a connection
/// that hangs is not broken off.
async fn settled<T>(what: &str, future: impl Future<Output = Outcome<T>>) -> Outcome<Outcome<T>> {
    // Shorter than the deadline of each step in it.
    within_for(DEADLINE / 2, what, future).await
}
