//! Between the wish to stop and the stop: the servers serve on, and say that they will not for long.

use std::time::Duration;

use tokio::time::Instant;
use transom::features::ServerLifetime;
use transom::testing::{TestClient, TestServer};
use transom::{Host, Request, RequestExt, RunningHost};

use crate::scripted::soon;

const DELAY: Duration = Duration::from_secs(5);

#[tokio::test(start_paused = true)]
async fn a_host_serves_on_for_the_delay_and_says_that_it_will_stop() {
    let host = start(DELAY).await;
    assert_eq!(ask(&host).await, "announced: false, stopping: false");

    let begun = Instant::now();
    host.stopper().stop();
    host.lifetime().stopping().await;
    tokio::task::yield_now().await;
    assert_eq!(ask(&host).await, "announced: true, stopping: false");
    assert!(!host.lifetime().is_stopped());
    host.wait().await.unwrap();
    assert_eq!(begun.elapsed(), DELAY);
}

#[tokio::test(start_paused = true)]
async fn an_abort_does_not_wait_for_the_delay() {
    let host = start(DELAY).await;
    let begun = Instant::now();
    host.stopper().stop();
    host.lifetime().stopping().await;
    host.stopper().abort();
    host.wait().await.unwrap();
    assert_eq!(begun.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_fails_meanwhile_ends_the_delay() {
    let (fail, failing) = tokio::sync::oneshot::channel();
    let host = Host::builder(TestServer::new())
        .with_server(Failing(failing))
        .with_shutdown_delay(DELAY)
        .configure(|app| app.build());
    let host = host.start().await.unwrap();
    let begun = Instant::now();
    host.stopper().stop();
    host.lifetime().stopping().await;
    fail.send(()).unwrap();
    let error = host.wait().await.unwrap_err();
    assert!(error.report().contains("it fails"), "{}", error.report());
    assert_eq!(begun.elapsed(), Duration::ZERO);
}

#[tokio::test]
async fn without_a_delay_the_word_and_the_stop_are_one() {
    let (trigger, shutdown) = transom::Shutdown::pair();
    let lifetime = shutdown.lifetime();
    assert!(!lifetime.is_stop_announced());
    trigger.request();
    assert!(lifetime.is_stop_announced() && lifetime.is_stopping() && shutdown.is_requested());
    soon(lifetime.stop_announced()).await;
}

async fn start(delay: Duration) -> RunningHost {
    let host = Host::builder(TestServer::new()).with_shutdown_delay(delay);
    let host = host.configure(|app| app.run_fn(say));
    host.start().await.expect("it binds")
}

async fn say(request: Request) -> String {
    let lifetime = request
        .feature::<ServerLifetime>()
        .expect("every server has one");
    let (announced, stopping) = (lifetime.is_stop_announced(), lifetime.is_stopping());
    format!("announced: {announced}, stopping: {stopping}")
}

async fn ask(host: &RunningHost) -> bytes::Bytes {
    let features = host.server_features().next().expect("one server");
    let client = features
        .require::<TestClient>()
        .expect("it is one in memory");
    let response = client.get("/").await.expect("it serves");
    response.into_body().collect(64).await.expect("a few bytes")
}

/// A server that fails when it is told to.
#[derive(Debug)]
struct Failing(tokio::sync::oneshot::Receiver<()>);

impl transom::Server for Failing {
    type Bound = Self;

    async fn bind(self) -> Result<Self, transom::Error> {
        Ok(self)
    }
}

impl transom::BoundServer for Failing {
    fn features(&self) -> &transom::Features {
        static NONE: std::sync::LazyLock<transom::Features> =
            std::sync::LazyLock::new(transom::Features::new);
        &NONE
    }

    async fn serve<A: transom::Application>(
        self,
        _: A,
        _: transom::Shutdown,
    ) -> Result<(), transom::Error> {
        let _ = self.0.await;
        Err(transom::Error::configuration("it fails"))
    }
}
