//! Between requests and whatever takes the lines.

use std::io::{self, Write};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use transom::testing::TestServer;
use transom::{ApplicationBuilder, Host};
use transom_middleware::access_log::{AccessLogLayer, LogFormat};

use super::read;
use crate::support::{log_of_this_thread, run};

/// What is written when it is allowed to be, and what was logged on that thread.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    text: String,
    log: String,
    /// How often something was to be written.
    begun: usize,
}

impl Written {
    fn lines(&self) -> usize {
        self.0.lock().unwrap().text.lines().count()
    }

    fn log(&self) -> String {
        self.0.lock().unwrap().log.clone()
    }
}

/// A writer that takes a step when it is told what to do.
struct Steps {
    steps: mpsc::Receiver<io::Result<usize>>,
    written: Written,
}

impl Write for Steps {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut written = self.written.0.lock().unwrap();
        written.log += &log_of_this_thread();
        written.begun += 1;
        drop(written);
        // Without further orders it writes everything.
        let most = self.steps.recv().unwrap_or(Ok(usize::MAX))?;
        let taken = &bytes[..most.min(bytes.len())];
        let mut written = self.written.0.lock().unwrap();
        written.text += std::str::from_utf8(taken).unwrap();
        Ok(taken.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn steps() -> (AccessLogLayer, mpsc::Sender<io::Result<usize>>, Written) {
    let (orders, steps) = mpsc::channel();
    let written = Written::default();
    let writer = Steps {
        steps,
        written: written.clone(),
    };
    let layer = AccessLogLayer::to_writer(LogFormat::Common, writer).unwrap();
    (layer, orders, written)
}

async fn send(layer: &AccessLogLayer, requests: usize) {
    let app = ApplicationBuilder::new()
        .layer(layer.clone())
        .run_fn(|_| async {});
    let client = TestServer::new().start(app).await.unwrap();
    for _ in 0..requests {
        assert_eq!(read(client.get("/").await.unwrap()).await, 0);
    }
}

#[test]
fn a_full_queue_drops_lines_and_nobody_waits() {
    run(async {
        let (layer, orders, written) = steps();
        let layer = layer.with_queue_size(1_000);
        send(&layer, 1).await;
        while written.0.lock().unwrap().begun == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        // Nothing is written meanwhile, and all of them are answered.
        send(&layer, 99).await;
        let lost = layer.lost();
        assert!((80..98).contains(&lost), "{lost}");
        assert_eq!(written.lines(), 0);

        drop(orders);
        assert!(layer.flush());
        assert_eq!(written.lines() as u64, 100 - lost);
        assert_eq!(layer.lost(), lost, "those that were said already");
        send(&layer, 1).await;
        assert!(layer.flush());
        assert_eq!(written.lines() as u64, 101 - lost);
        let log = written.log();
        let warning =
            format!("lines of the access log were dropped: its queue was full lines={lost}\n");
        assert_eq!(log.matches("dropped").count(), 1, "{log}");
        assert!(log.ends_with(&warning), "{log}");
    });
}

#[test]
fn a_line_that_no_queue_has_room_for_is_dropped() {
    run(async {
        let (layer, orders, written) = steps();
        drop(orders);
        let layer = layer.with_queue_size(10);
        send(&layer, 3).await;
        assert!(layer.flush());
        assert_eq!((layer.lost(), written.lines()), (3, 0));
    });
}

#[test]
fn what_cannot_be_written_is_lost_with_one_error() {
    run(async {
        let (layer, orders, written) = steps();
        let full = || Err(io::ErrorKind::StorageFull.into());
        for _ in 0..3 {
            orders.send(full()).unwrap();
            send(&layer, 1).await;
            assert!(layer.flush());
        }
        assert_eq!((layer.lost(), written.lines()), (3, 0));

        // A piece of a line, then nothing more: the next one begins on a line of its own.
        orders.send(Ok(10)).unwrap();
        orders.send(full()).unwrap();
        send(&layer, 1).await;
        assert!(layer.flush());
        orders.send(Err(io::ErrorKind::Interrupted.into())).unwrap();
        drop(orders);
        send(&layer, 1).await;
        assert!(layer.flush());
        assert_eq!(layer.lost(), 4);
        send(&layer, 1).await;
        assert!(layer.flush());

        let text = written.0.lock().unwrap().text.clone();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 3, "{text}");
        assert!(
            lines[1].len() > 40 && lines[2].len() == lines[1].len(),
            "{text}"
        );
        let log = written.log();
        assert_eq!(log.matches("ERROR").count(), 1, "{log}");
        assert!(
            log.contains("the access log cannot be written: lines of it are lost error="),
            "{log}"
        );
        assert!(
            log.ends_with("the access log is written again; lines of it were lost lines=4\n"),
            "{log}"
        );
    });
}

#[test]
fn a_function_that_panics_loses_its_line_and_no_other() {
    run(async {
        let mut count = 0;
        let (sender, lines) = mpsc::channel();
        let layer = AccessLogLayer::to_function(LogFormat::Common, move |_| {
            count += 1;
            assert_ne!(count, 2, "on purpose");
            sender.send(count).unwrap();
        });
        let layer = layer.unwrap();
        for _ in 0..3 {
            send(&layer, 1).await;
            assert!(layer.flush());
        }
        assert_eq!(lines.try_iter().collect::<Vec<_>>(), [1, 3]);
        assert_eq!(layer.lost(), 1);
    });
}

#[test]
fn when_the_host_has_stopped_everything_is_written() {
    run(async {
        let (layer, orders, written) = steps();
        let host = Host::builder(TestServer::new())
            .configure(|app| app.layer(layer).run_fn(|_| async { "hello" }))
            .start()
            .await
            .unwrap();
        let client = host.server_features().next().unwrap();
        let client = client
            .get::<transom::testing::TestClient>()
            .unwrap()
            .clone();
        for _ in 0..10 {
            assert_eq!(read(client.get("/").await.unwrap()).await, 5);
        }
        assert_eq!(written.lines(), 0);
        drop(orders);
        host.stop().await.unwrap();
        assert_eq!(written.lines(), 10);
    });
}
