//! Stopping: in order, in time, once.

use std::time::Duration;

use transom::features::ServerLifetime;
use transom::hosting::HostLifetime;
use transom::{Host, RunningHost};

use crate::scripted::{Journal, Scripted, Serve, free_address, is_free, soon};

async fn start(servers: impl IntoIterator<Item = Scripted>, grace: Duration) -> RunningHost {
    let mut servers = servers.into_iter();
    let mut host = Host::builder(servers.next().expect("at least one"));
    for server in servers {
        host = host.with_server(server);
    }
    let host = host
        .with_shutdown_timeout(grace)
        .configure(|app| app.build());
    soon(host.start()).await.expect("the script binds")
}

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(20);

/// Writes down each token when it fires, how often it may be waited for.
async fn follow(lifetime: HostLifetime, journal: Journal) {
    lifetime.started().await;
    journal.note("started");
    lifetime.stopping().await;
    journal.note("stopping");
    lifetime.stopped().await;
    journal.note("stopped");
}

#[tokio::test]
async fn the_tokens_fire_once_each_and_in_order_around_the_drain() {
    let journal = Journal::default();
    let host = start([Scripted::new("a", "http://127.0.0.1:0", &journal)], LONG).await;
    let lifetime = host.lifetime();
    assert!(lifetime.is_started() && !lifetime.is_stopping() && !lifetime.is_stopped());
    let follower = tokio::spawn(follow(lifetime.clone(), journal.clone()));
    tokio::task::yield_now().await;
    soon(host.stop()).await.unwrap();
    soon(follower).await.unwrap();
    assert!(lifetime.is_stopping() && lifetime.is_stopped());
    let entries = journal.entries();
    let position = |what: &str| entries.iter().position(|entry| entry == what).unwrap();
    assert!(position("started") < position("asked a"), "{entries:?}");
    assert!(position("stopping") < position("gone a"), "{entries:?}");
    assert!(position("gone a") < position("stopped"), "{entries:?}");
    assert_eq!(entries.len(), 7, "{entries:?}");
}
