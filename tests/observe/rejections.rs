//! What the default server refuses or ends by itself.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use transom::HyperServer;
use transom::hyper::{Limits, Rejection, RejectionReason};

use crate::recorded::recorded;
use crate::server::{eventually, rest, start};
use crate::spans::Log;

/// What a hook was told.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<Rejection>>>);

impl Told {
    fn to(&self, server: HyperServer) -> HyperServer {
        let told = Arc::clone(&self.0);
        server.with_rejection_hook(move |rejection| told.lock().unwrap().push(rejection.clone()))
    }

    fn all(&self) -> Vec<(RejectionReason, Option<u16>)> {
        let told = self.0.lock().unwrap();
        told.iter()
            .map(|one| (one.reason(), one.status().map(|status| status.as_u16())))
            .collect()
    }
}

#[tokio::test]
async fn a_request_that_is_refused_is_counted_measured_logged_and_told() {
    recorded!(measured);
    let (log, told) = (Log::begin(), Told::default());
    let server = start(|server| told.to(server)).await;
    let cases = [
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nhost: a\r\nhost: a\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nhost a\r\n\r\n", 400),
    ];
    for (request, status) in cases {
        let answer = server.exchange(request).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{answer:?}"
        );
    }
    eventually("it is told", || told.all().len() == cases.len()).await;
    let expected = cases.map(|(_, status)| (RejectionReason::InvalidRequest, Some(status)));
    assert_eq!(told.all(), expected);
    let causes = server.statistics.rejections_by_cause();
    assert_eq!(causes, [("invalid_request", 3)]);
    assert_eq!(server.statistics.rejections(), 3);
    assert_eq!(server.statistics.total_requests(), 0);
    let series = "transom.rejections{error.type=invalid_request,http.response.status_code=400}";
    assert_eq!(
        measured.series("transom.rejections"),
        [(series.to_owned(), 3.0)]
    );
    assert_eq!(measured.series("http.server.request.duration"), []);
    let lines = log.lines("rejected reason=\"invalid_request\" status=400");
    assert_eq!(lines.len(), 3, "{:?}", log.lines(""));
    assert!(lines[0].contains("peer=127.0.0.1:"), "{lines:?}");
    server.stop().await;
}

#[tokio::test]
async fn a_connection_that_is_ended_is_told_with_its_peer() {
    let told = Told::default();
    let short = Limits::default().with_request_head_timeout(Some(Duration::from_millis(20)));
    let server = start(|server| told.to(server).with_limits(short)).await;
    let client = server.connect().await;
    let peer = client.local_addr().unwrap();
    rest(client).await;
    eventually("it is told", || !told.all().is_empty()).await;
    assert_eq!(
        told.all(),
        [(RejectionReason::RequestHeadTimeout, Some(408))]
    );
    let remote = told.0.lock().unwrap()[0].connection().remote().cloned();
    assert_eq!(remote.unwrap().socket_addr(), Some(peer));
    server.stop().await;
}

#[tokio::test]
async fn a_hook_that_panics_harms_nobody() {
    let log = Log::begin();
    let server = start(|server| server.with_rejection_hook(|_| panic!("on purpose"))).await;
    for _ in 0..2 {
        let answer = server.exchange("GET / HTTP/1.1\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer:?}");
    }
    assert_eq!(log.lines("the rejection hook panicked").len(), 2);
    server.stop().await;
}

#[test]
fn a_reason_prints_as_logs_and_metrics_know_it() {
    assert_eq!(
        RejectionReason::MaxConnections.to_string(),
        "max_connections_exceeded"
    );
}
