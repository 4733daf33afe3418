//! The sending side of a request's stream.

use std::future::Future;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, StatusCode, header};
use quinn::SendStream;

use super::code::Code;
use super::frames::{DATA, HEADERS};
use super::pace::{Clock, Late};
use super::qpack::Section;
use super::varint;

/// The most that is handed to the transport at once, and for which the client has to make room in time.
const PIECE: usize = 16 * 1024;

/// The sending side of a request's stream. It is reset when it is dropped before it was finished: else what
/// was sent would seem to be all.
pub(super) struct Writer {
    stream: SendStream,
    clock: Clock,
    late: bool,
    finished: bool,
}

/// The response cannot be sent further: the client does not want it, reads it too slowly, or is gone.
#[derive(Debug)]
pub(super) struct Unsendable;

impl Writer {
    pub(super) fn new(stream: SendStream, clock: Clock) -> Self {
        Self {
            stream,
            clock,
            late: false,
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
    pub(super) async fn finish(mut self) -> Result<(), Unsendable> {
        self.stream.finish().map_err(|_| Unsendable)?;
        self.finished = true;
        // The transport gives up a client that is gone, and one that is there has room for all of it.
        self.stopped().await;
        Ok(())
    }

    /// Returns whether the client read the response too slowly.
    pub(super) fn is_late(&self) -> bool {
        self.late
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
        let length = payload.len();
        let mut chunks = [begin.freeze(), payload];
        let writing = self.stream.write_all_chunks(&mut chunks);
        match self.clock.hold(writing, length).await {
            Ok(Ok(())) => {
                self.clock.rest();
                Ok(())
            }
            Ok(Err(_)) => Err(Unsendable),
            Err(Late) => {
                self.late = true;
                Err(Unsendable)
            }
        }
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
