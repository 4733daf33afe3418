//! What the cases of a server's life share: an application that answers when its client tells it to, and
//! clients of servers that a case started itself.

use std::time::Duration;

use http::StatusCode;
use transom::features::RequestLifetime;
use transom::testing::TestClient;
use transom::{App, Body, Features, Request, RequestExt, Response};

use crate::client::is_secure;
use crate::{Failure, Gateway, Notes, Outcome, Protocol, Run, Running, within, within_for};

/// Answers `/` at once. Of any other path it says `in PATH`, answers it after `go PATH`, and says
/// `disconnected PATH` when the client is gone, and `dropped PATH` if it is dropped before it answers.
pub(super) fn held(notes: Notes) -> App {
    App::new(move |request| hold(request, notes.clone()))
}

async fn hold(request: Request, notes: Notes) -> Response {
    let path = request.uri().path().to_owned();
    if path == "/" {
        return text("at once");
    }
    let mut dropped = SaysWhenDropped::new(&notes, &path);
    watch(&request, &notes, &path);
    notes.say(format!("in {path}"));
    let released = notes.wait(&format!("go {path}")).await;
    dropped.word = None;
    match released {
        Ok(()) => text(path),
        Err(_) => status(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

/// Says `disconnected PATH` when the client is gone, whatever becomes of the application's future.
pub(super) fn watch(request: &Request, notes: &Notes, path: &str) {
    let Some(lifetime) = request.feature::<RequestLifetime>().cloned() else {
        return notes.say("there is no RequestLifetime");
    };
    let (notes, path) = (notes.clone(), path.to_owned());
    tokio::spawn(async move {
        if within("the end", lifetime.disconnected()).await.is_ok() {
            notes.say(format!("disconnected {path}"));
        }
    });
}

/// Says `dropped PATH` unless the word is taken out.
pub(super) struct SaysWhenDropped {
    notes: Notes,
    pub(super) word: Option<String>,
}

impl SaysWhenDropped {
    pub(super) fn new(notes: &Notes, path: &str) -> Self {
        Self {
            notes: notes.clone(),
            word: Some(format!("dropped {path}")),
        }
    }
}

impl Drop for SaysWhenDropped {
    fn drop(&mut self) {
        if let Some(word) = self.word.take() {
            self.notes.say(word);
        }
    }
}

pub(super) fn text(text: impl Into<String>) -> Response {
    let mut response = Response::new(Body::from(text.into()));
    let plain = http::HeaderValue::from_static("text/plain");
    response
        .headers_mut()
        .insert(http::header::CONTENT_TYPE, plain);
    response
}

pub(super) fn status(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// Waits until a condition holds, which it has to soon.
pub(super) async fn eventually(what: &str, holds: impl Fn() -> bool) -> Outcome {
    let holding = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    within_for(SOON, what, holding).await
}

/// How long a server may take for what has to happen at once.
pub(super) const SOON: Duration = Duration::from_secs(2);

/// Long enough to see that something does not happen.
pub(super) const A_WHILE: Duration = Duration::from_millis(40);

/// Returns the protocols that a server speaks.
pub(super) fn spoken(run: &Run, server: &Running) -> Vec<Protocol> {
    protocols(run, server.features())
}

/// Returns the protocols that the server with these features speaks.
pub(super) fn protocols(run: &Run, server: &Features) -> Vec<Protocol> {
    let all = Protocol::ALL.iter().copied();
    all.filter(|protocol| run.manifest().has(protocol.capability()))
        .filter(|protocol| match protocol {
            Protocol::Memory => server.contains::<TestClient>(),
            Protocol::Gateway => server.contains::<Gateway>(),
            // QUIC is never without TLS.
            Protocol::Http3 => is_secure(server),
            _ => true,
        })
        .collect()
}

/// Returns a protocol that a server speaks, HTTP/2 and HTTP/3 only if there is no other.
pub(super) fn some_protocol(run: &Run, server: &Features) -> Outcome<Protocol> {
    let mut spoken = protocols(run, server);
    spoken.sort_by_key(|protocol| matches!(protocol, Protocol::Http2 | Protocol::Http3));
    let first = spoken.first().copied();
    first.ok_or_else(|| Failure::new("the server speaks no protocol"))
}
