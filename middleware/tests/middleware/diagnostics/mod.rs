//! What the page shows, and to whom.

mod access;
mod shown;

use serde_json::Value;
use transom::hosting::RunningHost;
use transom::testing::{TestClient, TestServer};
use transom::{App, ApplicationBuilder, Body, Host};
use transom_middleware::diagnostics::DiagnosticsLayer;

use crate::support::text;

fn asked(method: &str, accept: &str) -> http::Request<Body> {
    let request = http::Request::builder().method(method).uri("/diagnostics");
    let request = request
        .header("accept", accept)
        .header("x-secret", "open-sesame");
    request.body(Body::empty()).unwrap()
}

fn shown(app: ApplicationBuilder) -> App {
    let layer = DiagnosticsLayer::of(&app);
    app.layer(layer).run_fn(|_| async { "the application" })
}

async fn start(
    environment: &str,
    configure: impl FnOnce(ApplicationBuilder) -> App + Send + 'static,
) -> (RunningHost, TestClient) {
    let host = Host::builder(TestServer::new()).with_environment(environment);
    let host = host.configure(configure).start().await.unwrap();
    let client = host.server_features().next().unwrap();
    let client = client.require::<TestClient>().unwrap().clone();
    (host, client)
}

async fn page(client: &TestClient) -> String {
    text(client.send(asked("GET", "text/html")).await.unwrap()).await
}

async fn report(client: &TestClient) -> Value {
    let response = client.send(asked("GET", "application/json")).await.unwrap();
    serde_json::from_str(&text(response).await).unwrap()
}
