//! The server that most of the tests are about.
#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use transom::{Application, Response};
use transom_conformance::by_hand::Serving;
use transom_trillium::TrilliumServer;

pub(crate) async fn start(app: impl Application) -> Serving {
    Serving::start_on(TrilliumServer::new("http://127.0.0.1:0"), app).await
}

/// An answer without a body.
pub(crate) fn bare(status: u16) -> Response {
    let mut response = Response::default();
    *response.status_mut() = status.try_into().unwrap();
    response
}
