//! The sending side of a request's stream.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, StatusCode, header};
use quinn::SendStream;
use tokio::time::Instant;

use super::code::Code;
use super::frames::{DATA, HEADERS};
use super::qpack::Section;
use super::varint;
use crate::hyper::connection::{InTransit, Watchdog};

/// The most that is handed to the transport at once, and that the client has to take in time.
const PIECE: usize = 16 * 1024;

/// The sending side of a request's stream. It is reset when it is dropped before it was finished: else what
/// was sent would seem to be all.
pub(super) struct Writer {
    stream: SendStream,
    patience: Patience,
    finished: bool,
}

/// The response cannot be sent further: the client does not want it, reads it too slowly, or is gone.
#[derive(Debug)]
pub(super) struct Unsendable;

impl Writer {
    pub(super) fn new(stream: SendStream, in_transit: InTransit) -> Self {
        Self {
            stream,
            patience: Patience {
                in_transit,
                watchdog: Watchdog::default(),
                late: false,
            },
            finished: false,
        }
    }

    /// Waits until the client wants no more of the response, or is gone. It does not end before all that was
    /// sent has arrived.
    pub(super) fn stopped(&self) -> impl Future<Output = ()> + Send + use<> {
        let stopped = self.stream.stopped();
        async move {
            let _ = stopped.await;
        }
    }

    /// Sends the head of a response, if the client takes one of this size.
    pub(super) async fn head(
        &mut self,
        status: StatusCode,
        headers: &HeaderMap,
        limit: u64,
    ) -> Result<(), Unsendable> {
        let mut section = Section::new();
        section.add(":status", status.as_str().as_bytes());
        self.section(section, headers, limit).await
    }

    /// Sends the fields behind a body.
    pub(super) async fn trailers(
        &mut self,
        trailers: &HeaderMap,
        limit: u64,
    ) -> Result<(), Unsendable> {
        self.section(Section::new(), trailers, limit).await
    }

    /// Sends a piece of a body, when there is room for it.
    pub(super) async fn data(&mut self, mut data: Bytes) -> Result<(), Unsendable> {
        while !data.is_empty() {
            let piece = data.split_to(data.len().min(PIECE));
            self.frame(DATA, piece).await?;
        }
        Ok(())
    }

    /// Ends the response, and waits until it has arrived.
    pub(super) async fn finish(&mut self) -> Result<(), Unsendable> {
        if !self.finished {
            self.stream.finish().map_err(|_| Unsendable)?;
            self.finished = true;
        }
        let arrived = self.stopped();
        self.in_time(arrived).await
    }

    /// Waits for `work`, unless the client is late to take what was sent on its connection.
    pub(super) async fn in_time<T>(
        &mut self,
        work: impl Future<Output = T>,
    ) -> Result<T, Unsendable> {
        self.patience.wait(work).await
    }

    /// Returns whether the client read the response too slowly.
    pub(super) fn is_late(&self) -> bool {
        self.patience.late
    }

    /// From now on what is sent is no response: the client reads it as slowly as it likes.
    pub(super) fn take_any_time(&mut self) {
        self.patience.in_transit = InTransit::new(None);
    }

    /// Ends the response where it is.
    pub(super) fn reset(&mut self, why: Code) {
        self.finished = true;
        // It fails on a stream that is over.
        let _ = self.stream.reset(why.into());
    }

    async fn section(
        &mut self,
        mut section: Section,
        fields: &HeaderMap,
        limit: u64,
    ) -> Result<(), Unsendable> {
        for (name, value) in fields {
            if !is_of_connection(name) {
                section.add(name.as_str(), value.as_bytes());
            }
        }
        if section.size() > limit {
            tracing::error!(
                target: "transom",
                size = section.size(), limit,
                "a response has more fields than its client takes"
            );
            return Err(Unsendable);
        }
        self.frame(HEADERS, section.finish()).await
    }

    async fn frame(&mut self, kind: u64, payload: Bytes) -> Result<(), Unsendable> {
        let mut begin = BytesMut::with_capacity(16);
        varint::write(kind, &mut begin);
        varint::write(payload.len() as u64, &mut begin);
        // The transport keeps it until the client has acknowledged it.
        let payload = self.patience.in_transit.hold(payload);
        let mut chunks = [begin.freeze(), payload];
        let writing = self.stream.write_all_chunks(&mut chunks);
        let written = self.patience.wait(writing).await?;
        written.map_err(|_| Unsendable)
    }
}

/// How long the client is waited for.
struct Patience {
    /// What was sent on the connection and is not acknowledged.
    in_transit: InTransit,
    watchdog: Watchdog,
    late: bool,
}

impl Patience {
    async fn wait<T>(&mut self, work: impl Future<Output = T>) -> Result<T, Unsendable> {
        let mut work = pin!(work);
        poll_fn(|cx| {
            if let Poll::Ready(done) = work.as_mut().poll(cx) {
                return Poll::Ready(Ok(done));
            }
            let due = self.in_transit.due(Instant::now());
            // The task is the same for as long as the stream lasts.
            self.watchdog.poll(cx, due).map(|()| {
                self.late = true;
                Err(Unsendable)
            })
        })
        .await
    }
}

/// What HTTP/3 does not have; the `Connection: upgrade` of a 426 comes so far.
fn is_of_connection(name: &HeaderName) -> bool {
    *name == header::CONNECTION || *name == header::UPGRADE
}

impl Drop for Writer {
    fn drop(&mut self) {
        if !self.finished {
            self.reset(Code::REQUEST_CANCELLED);
        }
    }
}
