//! The body of a response, as the framework's.

use std::error::Error as StdError;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::body::{BodySize, MessageBody};
use bytes::Bytes;
use http::response::Parts;
use http::{StatusCode, header};
use http_body::Body as _;
use transom::adapter::MountBody;

use crate::pump::Pump;

/// How much the engine gets at a time: it copies all of what it is given.
const CHUNK: usize = 64 * 1024;

/// The body of a response for the framework. It drives the rest of the request's body too.
pub(crate) struct Outgoing {
    body: MountBody,
    size: BodySize,
    /// What is left of a frame.
    rest: Bytes,
    /// The body failed; what came before is sent first.
    failing: Option<Box<dyn StdError>>,
    pump: Option<Pump>,
}

impl Outgoing {
    pub(crate) fn new(body: MountBody, size: BodySize, pump: Option<Pump>) -> Self {
        Self {
            body,
            size,
            rest: Bytes::new(),
            failing: None,
            pump,
        }
    }

    fn next_chunk(&mut self) -> Bytes {
        self.rest.split_to(self.rest.len().min(CHUNK))
    }
}

impl MessageBody for Outgoing {
    type Error = Box<dyn StdError>;

    fn size(&self) -> BodySize {
        self.size
    }

    fn poll_next(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let this = self.get_mut();
        if let Some(pump) = &mut this.pump {
            pump.poll(cx);
        }
        if !this.rest.is_empty() {
            return Poll::Ready(Some(Ok(this.next_chunk())));
        }
        if let Some(error) = this.failing.take() {
            return Poll::Ready(Some(Err(error)));
        }
        let hung_up = this.body.is_hung_up();
        loop {
            match ready!(Pin::new(&mut this.body).poll_frame(cx)) {
                // Trailers have no place in the engine, and an empty chunk would end the body.
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) if !data.is_empty() => {
                        this.rest = data;
                        return Poll::Ready(Some(Ok(this.next_chunk())));
                    }
                    _ => {}
                },
                None => return Poll::Ready(None),
                // The engine drops a head that it has not sent.
                Some(Err(error)) if hung_up => return Poll::Ready(Some(Err(error.into()))),
                Some(Err(error)) => {
                    // It forgets what it has not sent when it is told; let it send first.
                    this.failing = Some(error.into());
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
            }
        }
    }
}

pub(crate) fn size(parts: &Parts, body: &MountBody, head: bool) -> BodySize {
    if body.is_hung_up() {
        return BodySize::Stream;
    }
    if let StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED = parts.status {
        return BodySize::None;
    }
    let announced = parts.headers.get(header::CONTENT_LENGTH);
    match announced.and_then(|length| length.to_str().ok()?.parse().ok()) {
        Some(length) => BodySize::Sized(length),
        // The length that GET would have is not known.
        None if head => BodySize::None,
        None => match body.size_hint().exact() {
            Some(length) => BodySize::Sized(length),
            None => BodySize::Stream,
        },
    }
}

/// Returns whether the engine drops such a body without having polled it.
pub(crate) fn is_dropped_unread(size: BodySize) -> bool {
    matches!(size, BodySize::None | BodySize::Sized(0))
}

/// Brings a body without content to its end.
pub(crate) async fn exhaust(body: &mut MountBody) {
    while !body.is_end_stream() {
        let frame = std::future::poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await;
        match frame {
            Some(Ok(frame)) if frame.data_ref().is_none_or(Bytes::is_empty) => {}
            _ => return,
        }
    }
}
