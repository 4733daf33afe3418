//! The server that most of the tests are about.

use transom::Application;
use transom_actix::ActixServer;
use transom_conformance::by_hand::Serving;

pub(crate) async fn start(app: impl Application) -> Serving {
    Serving::start_on(ActixServer::new("http://127.0.0.1:0").with_workers(2), app).await
}
