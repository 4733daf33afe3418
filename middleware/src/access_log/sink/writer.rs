use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::queue::{Batch, Queue};
use super::{BatchError, Lines, events};
use crate::access_log::format::LogFormat;
use crate::access_log::record::Record;

/// Where lines go.
#[derive(Clone, Debug)]
pub(in crate::access_log) enum Sink {
    Events,
    Lines(Arc<Writer>),
}

impl Sink {
    pub(in crate::access_log) fn log(&self, format: &LogFormat, record: &Record<'_>) {
        match self {
            Self::Events => events::emit(record),
            Self::Lines(writer) => writer.queue.push(format.line(record)),
        }
    }
}

/// A thread that writes lines. Dropping this waits until it has written them all, within reason.
#[derive(Debug)]
pub(in crate::access_log) struct Writer {
    queue: Arc<Queue>,
}

/// How long somebody waits for a disk.
const PATIENCE: Duration = Duration::from_secs(5);

impl Writer {
    pub(in crate::access_log) fn start(sink: impl Lines) -> io::Result<Arc<Self>> {
        let queue = Arc::new(Queue::new());
        let writes = Arc::clone(&queue);
        thread::Builder::new()
            .name("access-log".to_owned())
            .spawn(move || write(&writes, sink))?;
        Ok(Arc::new(Self { queue }))
    }

    pub(in crate::access_log) fn limit(&self, bytes: usize) {
        self.queue.limit(bytes);
    }

    pub(in crate::access_log) fn flush(&self) -> bool {
        self.queue.flush(PATIENCE)
    }

    pub(in crate::access_log) fn lost(&self) -> u64 {
        self.queue.lost()
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue.close();
        if !self.flush() {
            tracing::warn!("the access log is not written to its end: its writer takes too long");
        }
    }
}

fn write(queue: &Queue, mut sink: impl Lines) {
    let mut trouble = 0;
    let mut batch = Batch::default();
    while let Some(next) = queue.take(&batch) {
        batch = next;
        if batch.dropped > 0 {
            let lines = batch.dropped;
            tracing::warn!(
                lines,
                "lines of the access log were dropped: its queue was full"
            );
        }
        if batch.lines.is_empty() {
            continue;
        }
        let written = catch_unwind(AssertUnwindSafe(|| sink.write(&batch.lines)));
        let written = written.unwrap_or_else(|_| {
            let error = io::Error::other("whatever takes the lines panicked");
            let lost = batch.lines.len();
            Err(BatchError { lost, error })
        });
        match written {
            Ok(()) if trouble > 0 => {
                let lines = std::mem::take(&mut trouble);
                tracing::warn!(
                    lines,
                    "the access log is written again; lines of it were lost"
                );
            }
            Ok(()) => {}
            Err(BatchError { lost, error }) => {
                queue.lose(lost);
                // Said once, for a full disk stays full for a while.
                if trouble == 0 {
                    tracing::error!(%error, "the access log cannot be written: lines of it are lost");
                }
                trouble += lost;
            }
        }
    }
}
