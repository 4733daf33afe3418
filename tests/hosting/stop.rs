//! Stopping: in order, in time, once.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{Notify, oneshot};
use transom::features::{RequestExt, ServerLifetime};
use transom::hosting::{HostLifetime, Stopper};
use transom::testing::{TestClient, TestServer};
use transom::{Host, Request, RunningHost};

use crate::scripted::{Journal, Scripted, Serve, free_address, is_free, soon};

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(20);

#[tokio::test]
async fn the_tokens_fire_once_each_and_in_order_around_the_drain() {
    let journal = Journal::default();
    let host = start([scripted("a", Serve::UntilAsked, &journal)], LONG).await;
    let lifetime = host.lifetime();
    assert!(lifetime.is_started() && !lifetime.is_stopping() && !lifetime.is_stopped());
    let follower = tokio::spawn(follow(lifetime.clone(), journal.clone()));
    tokio::task::yield_now().await;
    soon(host.stop()).await.unwrap();
    soon(follower).await.unwrap();
    assert!(lifetime.is_stopping() && lifetime.is_stopped());
    assert_eq!(
        journal.entries(),
        [
            "bind a", "serve a", "started", "stopping", "asked a", "gone a", "stopped"
        ],
    );
}

#[tokio::test]
async fn what_is_left_after_the_deadline_is_aborted_and_named_server_by_server() {
    let journal = Journal::default();
    let address = free_address();
    let url = format!("http://{address}");
    let in_flight = Serve::Forever {
        requests: 2,
        upgraded: 1,
    };
    let servers = [
        Scripted::new("a", &url, &journal).that(in_flight),
        scripted("b", Serve::UntilAsked, &journal),
        Scripted::without_addresses("c", &journal).that(Serve::Forever {
            requests: 1,
            upgraded: 0,
        }),
    ];
    let host = start(servers, SHORT).await;
    serving(&journal, 3).await;
    let error = soon(host.stop()).await.unwrap_err();
    assert!(error.is_shutdown_timeout());
    assert_eq!(
        error.report(),
        format!(
            "not everything ended within 20ms of the request to stop; aborted \
             a/1 on {url}: 2 requests in flight, 1 upgraded connection; \
             c/1: 1 request in flight, 0 upgraded connections"
        ),
    );
    assert!(is_free(address), "the aborted server holds its address");
}

#[tokio::test]
async fn a_server_that_is_idle_but_does_not_end_loses_nothing_and_is_no_error() {
    let journal = Journal::default();
    let idle = Serve::Forever {
        requests: 0,
        upgraded: 0,
    };
    let host = start([scripted("a", idle, &journal)], SHORT).await;
    serving(&journal, 1).await;
    soon(host.stop()).await.unwrap();
    assert_eq!(journal.entries().last().unwrap(), "gone a");
}

#[tokio::test]
async fn an_abort_does_not_wait_for_the_deadline() {
    let journal = Journal::default();
    let host = start(
        [scripted(
            "a",
            Serve::Forever {
                requests: 1,
                upgraded: 0,
            },
            &journal,
        )],
        LONG,
    )
    .await;
    serving(&journal, 1).await;
    let stopper = host.stopper();
    stopper.stop();
    soon(host.lifetime().stopping()).await;
    stopper.abort();
    let error = soon(host.wait()).await.unwrap_err();
    assert!(error.is_shutdown_timeout());
    assert!(
        error.report().contains("1 request in flight"),
        "{}",
        error.report()
    );
}

#[tokio::test]
async fn an_abort_alone_is_a_stop_too() {
    let journal = Journal::default();
    let host = start(
        [scripted(
            "a",
            Serve::Forever {
                requests: 1,
                upgraded: 0,
            },
            &journal,
        )],
        LONG,
    )
    .await;
    serving(&journal, 1).await;
    host.stopper().abort();
    assert!(soon(host.wait()).await.unwrap_err().is_shutdown_timeout());
}

#[tokio::test]
async fn stopping_again_changes_nothing() {
    let journal = Journal::default();
    let host = start([scripted("a", Serve::UntilAsked, &journal)], LONG).await;
    let (stopper, again) = (host.stopper(), host.stopper());
    stopper.stop();
    again.stop();
    soon(host.lifetime().stopped()).await;
    soon(host.stop()).await.unwrap();
    stopper.stop();
    let asked = journal
        .entries()
        .into_iter()
        .filter(|entry| entry == "asked a");
    assert_eq!(asked.count(), 1);
}

#[tokio::test]
async fn a_host_ends_well_with_the_last_server_that_ends_by_itself() {
    let journal = Journal::default();
    let servers = [
        scripted("a", Serve::EndByItself, &journal),
        scripted("b", Serve::EndByItself, &journal),
    ];
    let host = start(servers, LONG).await;
    let lifetime = host.lifetime();
    soon(host.wait()).await.unwrap();
    assert!(lifetime.is_stopping() && lifetime.is_stopped());
}

#[tokio::test]
async fn a_server_that_ends_by_itself_does_not_end_the_others() {
    let journal = Journal::default();
    let servers = [
        scripted("a", Serve::EndByItself, &journal),
        scripted("b", Serve::UntilAsked, &journal),
    ];
    let host = start(servers, LONG).await;
    serving(&journal, 2).await;
    let gone = async {
        while !journal.entries().contains(&"gone a".to_owned()) {
            tokio::task::yield_now().await;
        }
    };
    soon(gone).await;
    assert!(!host.lifetime().is_stopping());
    soon(host.stop()).await.unwrap();
    assert!(journal.entries().contains(&"asked b".to_owned()));
}

#[tokio::test]
async fn a_server_that_would_end_by_itself_may_fail_all_the_same() {
    let journal = Journal::default();
    let servers = [
        scripted("a", Serve::FailByItself, &journal),
        scripted("b", Serve::UntilAsked, &journal),
    ];
    let host = start(servers, LONG).await;
    let error = soon(host.wait()).await.unwrap_err();
    assert_eq!(error.report(), "the server a failed: out of luck");
}

#[tokio::test]
async fn a_server_that_fails_alone_stops_the_others_and_the_host_with_its_error() {
    for (serve, expected) in [
        (Serve::Fail, "the server a failed: out of luck"),
        (
            Serve::End,
            "the server a/1 failed: it ended without being asked to",
        ),
        (Serve::Panic, "the server a/1 failed: it panicked"),
    ] {
        let journal = Journal::default();
        let servers = [
            scripted("a", serve, &journal),
            scripted("b", Serve::UntilAsked, &journal),
        ];
        let host = start(servers, LONG).await;
        let error = soon(host.wait()).await.unwrap_err();
        assert!(error.is_serve());
        assert_eq!(error.report(), expected);
        assert!(
            journal.entries().contains(&"asked b".to_owned()),
            "{serve:?}"
        );
        assert!(
            journal.entries().contains(&"gone b".to_owned()),
            "{serve:?}"
        );
    }
}

#[tokio::test]
async fn the_first_failure_is_returned_whatever_follows() {
    let journal = Journal::default();
    let servers = [
        scripted("a", Serve::Fail, &journal),
        scripted("b", Serve::FailWhenAsked, &journal),
        scripted(
            "c",
            Serve::Forever {
                requests: 1,
                upgraded: 0,
            },
            &journal,
        ),
    ];
    let host = start(servers, SHORT).await;
    let error = soon(host.wait()).await.unwrap_err();
    assert_eq!(error.report(), "the server a failed: out of luck");
    assert!(journal.entries().contains(&"gone c".to_owned()));
}

#[tokio::test]
async fn a_failure_while_draining_is_returned() {
    let journal = Journal::default();
    let host = start([scripted("a", Serve::FailWhenAsked, &journal)], LONG).await;
    let error = soon(host.stop()).await.unwrap_err();
    assert_eq!(error.report(), "the server a failed: out of luck");
}

#[tokio::test]
async fn dropping_the_handle_aborts_everything_and_leaks_no_task() {
    let journal = Journal::default();
    let address = free_address();
    let tasks = Handle::current().metrics().num_alive_tasks();
    let server = Scripted::new("a", &format!("http://{address}"), &journal).that(Serve::Forever {
        requests: 1,
        upgraded: 0,
    });
    let host = start([server, scripted("b", Serve::UntilAsked, &journal)], LONG).await;
    serving(&journal, 2).await;
    let lifetime = host.lifetime();
    drop(host);
    soon(lifetime.stopped()).await;
    soon(async {
        while Handle::current().metrics().num_alive_tasks() > tasks {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert!(is_free(address));
    let entries = journal.entries();
    assert!(entries.contains(&"gone a".to_owned()) && entries.contains(&"gone b".to_owned()));
    assert!(
        !entries.contains(&"asked b".to_owned()),
        "an abort is no request to stop"
    );
}

#[tokio::test]
async fn the_same_address_can_be_served_again_at_once() {
    let address = free_address();
    let tasks = Handle::current().metrics().num_alive_tasks();
    for _ in 0..5 {
        let journal = Journal::default();
        let server = Scripted::new("a", &format!("http://{address}"), &journal);
        let host = start([server], LONG).await;
        soon(host.stop()).await.unwrap();
    }
    soon(async {
        while Handle::current().metrics().num_alive_tasks() > tasks {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_signal_of_the_programs_own_stops_run_and_start() {
    for run in [true, false] {
        let journal = Journal::default();
        let (stop, stopped) = oneshot::channel::<()>();
        let host = Host::builder(scripted("a", Serve::UntilAsked, &journal))
            .with_shutdown_signal(async move { drop(stopped.await) })
            .configure(|app| app.build());
        let running = tokio::spawn(async move {
            match run {
                true => host.run().await,
                false => host.start().await?.wait().await,
            }
        });
        serving(&journal, 1).await;
        stop.send(()).unwrap();
        soon(running).await.unwrap().unwrap();
        assert_eq!(journal.entries().last().unwrap(), "gone a", "run: {run}");
    }
}

#[tokio::test]
async fn a_shutdown_signal_that_panics_is_not_swallowed() {
    let journal = Journal::default();
    let host = Host::builder(scripted("a", Serve::UntilAsked, &journal))
        .with_shutdown_signal(async { panic!("as the script says") })
        .configure(|app| app.build());
    let host = soon(host.start()).await.unwrap();
    let waiting = tokio::spawn(host.wait());
    assert!(soon(waiting).await.unwrap_err().is_panic());
    soon(async {
        while !journal.entries().contains(&"gone a".to_owned()) {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_request_in_flight_is_answered_and_hears_of_the_stop() {
    let (entered, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (enter, released) = (Arc::clone(&entered), Arc::clone(&release));
    let host = Host::builder(TestServer::new()).configure(move |app| {
        app.run_fn(move |request: Request| {
            let (enter, released) = (Arc::clone(&enter), Arc::clone(&released));
            async move {
                let lifetime = request.feature::<ServerLifetime>().cloned().unwrap();
                assert!(!lifetime.is_stopping());
                enter.notify_one();
                lifetime.stopping().await;
                released.notified().await;
                "answered"
            }
        })
    });
    let host = soon(host.start()).await.unwrap();
    let client = client(&host);
    let asking = tokio::spawn(async move { client.get("/").await });
    soon(entered.notified()).await;
    let lifetime = host.lifetime();
    let stopping = tokio::spawn(host.stop());
    soon(lifetime.stopping()).await;
    assert!(!lifetime.is_stopped(), "it waits for the request");
    release.notify_one();
    let response = soon(asking).await.unwrap().unwrap();
    assert_eq!(response.into_body().collect(64).await.unwrap(), "answered");
    soon(stopping).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_stop_asked_for_while_the_pipeline_is_built_follows_the_start() {
    let journal = Journal::default();
    let host = Host::builder(scripted("a", Serve::UntilAsked, &journal)).try_configure(|app| {
        app.server_features().require::<Stopper>()?.stop();
        Ok(app.build())
    });
    let host = soon(host.start()).await.unwrap();
    assert!(host.lifetime().is_started());
    soon(host.wait()).await.unwrap();
    assert_eq!(
        journal.entries(),
        ["bind a", "serve a", "asked a", "gone a"]
    );
}

#[tokio::test]
async fn a_request_can_stop_the_host_and_is_answered_still() {
    let host = Host::builder(TestServer::new()).try_configure(|app| {
        let stopper = app.server_features().require::<Stopper>()?.clone();
        Ok(app.run_fn(move |_| {
            stopper.stop();
            async { "goodbye" }
        }))
    });
    let host = soon(host.start()).await.unwrap();
    let client = client(&host);
    let response = soon(client.get("/")).await.unwrap();
    assert_eq!(response.into_body().collect(64).await.unwrap(), "goodbye");
    drop(client);
    soon(host.wait()).await.unwrap();
}

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

fn scripted(name: &'static str, serve: Serve, journal: &Journal) -> Scripted {
    Scripted::new(name, "http://127.0.0.1:0", journal).that(serve)
}

/// Waits until so many servers were polled.
async fn serving(journal: &Journal, count: usize) {
    let serving = || {
        journal
            .entries()
            .iter()
            .filter(|entry| entry.starts_with("serve"))
            .count()
    };
    soon(async {
        while serving() < count {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// Writes down each token when it fires.
async fn follow(lifetime: HostLifetime, journal: Journal) {
    lifetime.started().await;
    journal.note("started");
    lifetime.stopping().await;
    journal.note("stopping");
    lifetime.stopped().await;
    journal.note("stopped");
}

fn client(host: &RunningHost) -> TestClient {
    let features = host.server_features().next().expect("there is a server");
    features
        .require::<TestClient>()
        .expect("it is a TestServer")
        .clone()
}
