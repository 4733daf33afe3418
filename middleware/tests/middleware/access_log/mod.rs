//! One line for each request, in each format, to each place, whatever happens.

mod ends;
mod files;
mod formats;
mod hostile;
mod outside;
mod queue;
mod socket;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use transom::{App, Body, Response};
use transom_middleware::access_log::{AccessLogLayer, LogFormat};

/// A clock that stands until it is moved.
#[derive(Clone)]
struct Clock(Arc<AtomicU64>);

impl Clock {
    /// 10 October 2000, 13:55:36.042.
    fn new() -> Self {
        Self(Arc::new(AtomicU64::new(971_186_136_042_000)))
    }

    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_micros(self.0.load(Ordering::Relaxed))
    }

    fn advance(&self, duration: Duration) {
        let microseconds = u64::try_from(duration.as_micros()).unwrap();
        self.0.fetch_add(microseconds, Ordering::Relaxed);
    }
}

/// A layer, and what it wrote.
struct Log {
    layer: AccessLogLayer,
    lines: Arc<Mutex<Vec<String>>>,
    clock: Clock,
}

impl Log {
    fn new(format: impl Into<LogFormat>) -> Self {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let written = Arc::clone(&lines);
        let clock = Clock::new();
        let now = clock.clone();
        let write = move |line: &str| written.lock().unwrap().push(line.to_owned());
        let layer = AccessLogLayer::to_function(format, write).unwrap();
        Self {
            layer: layer.with_clock(move || now.now()),
            lines,
            clock,
        }
    }

    /// Returns a clone of the layer.
    fn layer(&self) -> AccessLogLayer {
        self.layer.clone()
    }

    /// Returns what was written so far.
    fn lines(&self) -> Vec<String> {
        assert!(self.layer.flush());
        self.lines.lock().unwrap().clone()
    }

    /// Returns the one line that was written.
    fn line(&self) -> String {
        let mut lines = self.lines();
        assert_eq!(lines.len(), 1, "{lines:?}");
        lines.remove(0)
    }

    /// Waits for a line, and returns it.
    async fn wait(&self) -> String {
        while self.lines().is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        self.line()
    }
}

/// Sends a request and reads the answer to its end.
async fn ask(app: App, request: http::Request<Body>) -> (u16, usize) {
    let response = crate::support::send(app, request).await;
    let status = response.status().as_u16();
    (status, read(response).await)
}

async fn read(response: Response) -> usize {
    response.into_body().collect(1 << 24).await.unwrap().len()
}

fn get(target: &str) -> http::request::Builder {
    http::Request::get(target)
}
