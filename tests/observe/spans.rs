//! Spans, read in the text of a subscriber.

use std::cell::RefCell;
use std::io::{self, Write};
use std::sync::Once;
use std::time::{Duration, Instant};

use futures_util::{StreamExt as _, stream};
use transom::testing::TestServer;
use transom::{Body, Request, Response};

thread_local! {
    /// What was logged on this thread, which runs one test and all its tasks.
    static TEXT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// What this thread has logged since it began.
pub(crate) struct Log(());

impl Log {
    pub(crate) fn begin() -> Self {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            tracing_subscriber::fmt()
                .with_writer(|| Lines)
                .with_max_level(tracing::Level::DEBUG)
                .with_span_events(tracing_subscriber::fmt::format::FmtSpan::CLOSE)
                .with_ansi(false)
                .without_time()
                .init();
        });
        TEXT.with_borrow_mut(Vec::clear);
        Self(())
    }

    /// The lines that have this text.
    pub(crate) fn lines(&self, with: &str) -> Vec<String> {
        let text = TEXT.with_borrow(Vec::clone);
        let text = String::from_utf8(text).unwrap();
        let lines = text.lines().filter(|line| line.contains(with));
        lines.map(|line| line.trim().to_owned()).collect()
    }

    /// Waits until there are some.
    pub(crate) async fn until(&self, with: &str) -> Vec<String> {
        let end = Instant::now() + Duration::from_secs(8);
        while self.lines(with).is_empty() {
            assert!(
                Instant::now() < end,
                "nobody said `{with}`: {:?}",
                self.lines("")
            );
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        self.lines(with)
    }
}

struct Lines;

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        TEXT.with_borrow_mut(|text| text.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Logs when it is called, after it has waited, and with each piece of its body.
async fn talkative(_: Request) -> Response {
    tracing::info!("called");
    tokio::task::yield_now().await;
    tracing::info!("waited");
    Response::new(Body::from_stream(stream::iter(["a", "b"]).map(|piece| {
        tracing::info!("yields {piece}");
        Ok::<_, io::Error>(piece)
    })))
}

#[tokio::test]
async fn what_the_application_logs_is_in_the_span_of_its_request() {
    let log = Log::begin();
    let client = TestServer::new().start(talkative).await.unwrap();
    let response = client.get("/path?secret=1").await.unwrap();
    response.into_body().collect(64).await.unwrap();

    for text in ["called", "waited", "yields a", "yields b"] {
        let lines = log.lines(text);
        assert_eq!(lines.len(), 1, "{text}: {lines:?}");
        let line = &lines[0];
        assert!(line.contains("request{id="), "{line}");
        assert!(
            line.contains("peer=memory protocol=HTTP/1.1 method=GET path=\"/path\""),
            "{line}"
        );
    }
    assert_eq!(log.lines("secret"), [""; 0]);
    assert!(log.lines("yields a")[0].contains("status=200"));
    log.until(": close").await;
}

#[tokio::test]
async fn what_is_logged_about_a_request_is_in_its_span_too() {
    let log = Log::begin();
    let panics = |_: Request| async { panic!("on purpose") };
    let client = TestServer::new().start(panics).await.unwrap();
    client.get("/").await.unwrap();
    let lines = log.lines("the application panicked");
    assert!(
        lines[0].contains("path=\"/\" error=\"panic\"}"),
        "{lines:?}"
    );
}

#[tokio::test]
async fn a_request_that_is_given_up_says_so_in_its_span() {
    let log = Log::begin();
    let slow = |_: Request| async {
        Response::new(Body::from_stream(stream::pending::<io::Result<&str>>()))
    };
    let client = TestServer::new().start(slow).await.unwrap();
    drop(client.get("/").await.unwrap());
    let closed = log.until(": close").await;
    assert!(
        closed[0].contains("status=200 error=\"incomplete\""),
        "{closed:?}"
    );
}
