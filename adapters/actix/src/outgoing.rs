//! A response, from the types of http 1 to those of http 0.2, and its body as the engine's.

use std::error::Error as StdError;
use std::future::Future;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_http::body::{BodySize, BoxBody, MessageBody};
use actix_http::header::{HeaderName, HeaderValue};
use actix_http::{ConnectionType, Response as ActixResponse, StatusCode as ActixStatus};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use http_body::Body as _;
use transom::adapter::{HostRuntime, ResponseBody};

use crate::link::{InFlight, Link};
use crate::pump::Pump;

/// A response as the engine takes it, from the main service and as the error of the `Expect` service.
pub(crate) struct Answer(pub(crate) ActixResponse<Outgoing>);

impl From<Answer> for ActixResponse<Outgoing> {
    fn from(answer: Answer) -> Self {
        answer.0
    }
}

impl From<Answer> for ActixResponse<BoxBody> {
    fn from(answer: Answer) -> Self {
        answer.0.map_into_boxed_body()
    }
}

impl Answer {
    /// A response of the adapter's own, without content.
    pub(crate) fn bare(status: ActixStatus) -> Self {
        Self(ActixResponse::with_body(
            status,
            Outgoing::of(Source::Empty, BodySize::Sized(0)),
        ))
    }

    /// Ends a stream of HTTP/2 without a response: the engine resets it instead of sending a field that has no
    /// place there.
    pub(crate) fn reset() -> Self {
        let mut answer = Self::bare(ActixStatus::INTERNAL_SERVER_ERROR);
        let fields = answer.0.headers_mut();
        fields.insert(
            actix_http::header::TE,
            HeaderValue::from_static("no response"),
        );
        answer
    }

    /// Keeps a stream open until the engine has taken all of the answer.
    pub(crate) fn keeping(self, stream: Rc<Link>) -> Self {
        Self(self.0.map_body(|_, body| Outgoing {
            stream: Some(stream),
            ..body
        }))
    }

    /// Ends the connection without a response: the engine drops a head that it has not sent when the
    /// body fails at once.
    pub(crate) fn abort(reason: impl Into<Box<dyn StdError>>) -> Self {
        Self(ActixResponse::with_body(
            ActixStatus::OK,
            Outgoing::of(Source::Failed(Some(reason.into())), BodySize::Stream),
        ))
    }
}

/// How a request wants to be answered.
#[derive(Clone, Copy)]
pub(crate) struct Asked {
    pub(crate) head: bool,
    pub(crate) http_10: bool,
    pub(crate) upgrade: bool,
}

/// Returns the response for the engine to send.
pub(crate) async fn convert(
    response: http::Response<ResponseBody>,
    asked: Asked,
    runtime: HostRuntime,
    in_flight: InFlight,
    pump: Option<Pump>,
) -> Answer {
    let (parts, mut body) = response.into_parts();
    let status =
        ActixStatus::from_u16(parts.status.as_u16()).unwrap_or(ActixStatus::INTERNAL_SERVER_ERROR);
    let size = size(&parts, &body, asked.head);
    if matches!(size, BodySize::None | BodySize::Sized(0)) {
        // The engine drops such a body unread; it has to come to its end all the same.
        runtime.enter(exhaust(&mut body)).await;
    }
    let mut response = ActixResponse::with_body(status, ());
    let head = response.head_mut();
    for (name, value) in &parts.headers {
        if name == header::CONTENT_LENGTH && parts.status != StatusCode::NOT_MODIFIED {
            continue; // the engine writes it
        }
        // Both versions of the types take the same bytes.
        if let (Ok(name), Ok(value)) = (
            HeaderName::from_bytes(name.as_str().as_bytes()),
            HeaderValue::from_bytes(value.as_bytes()),
        ) {
            head.headers.append(name, value);
        }
    }
    if parts.status == StatusCode::SWITCHING_PROTOCOLS {
        head.set_connection_type(ConnectionType::Upgrade);
    } else if asked.upgrade || (asked.http_10 && size == BodySize::Stream) {
        // The engine reads no further request after one that asked to upgrade; and the end of the
        // connection is the only end that HTTP/1.0 has for a body of unknown length.
        head.set_connection_type(ConnectionType::Close);
    }
    head.no_chunking(asked.http_10);
    Answer(response.set_body(Outgoing {
        source: Source::Body(body),
        size,
        left: match size {
            BodySize::Sized(length) => Some(length),
            _ => None,
        },
        rest: Bytes::new(),
        failing: None,
        runtime: Some(runtime),
        pump,
        _in_flight: Some(in_flight),
        stream: None,
    }))
}

fn size(parts: &http::response::Parts, body: &ResponseBody, head: bool) -> BodySize {
    match parts.status {
        StatusCode::SWITCHING_PROTOCOLS | StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED => {
            return BodySize::None;
        }
        _ => {}
    }
    match announced(&parts.headers) {
        Some(length) => BodySize::Sized(length),
        // The length that GET would have is not known.
        None if head => BodySize::None,
        None => match body.size_hint().exact() {
            Some(length) => BodySize::Sized(length),
            None => BodySize::Stream,
        },
    }
}

/// Returns the length that the application set.
fn announced(headers: &HeaderMap) -> Option<u64> {
    let length = headers.get(header::CONTENT_LENGTH)?;
    length.to_str().ok()?.parse().ok()
}

async fn exhaust(body: &mut ResponseBody) {
    while !body.is_end_stream() {
        let frame = std::future::poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await;
        match frame {
            Some(Ok(frame)) if frame.data_ref().is_none_or(Bytes::is_empty) => {}
            _ => return,
        }
    }
}

/// How much the engine gets at a time: it copies all of what it is given.
const CHUNK: usize = 64 * 1024;

/// The body of a response for the engine. It drives the rest of the request's body too.
pub(crate) struct Outgoing {
    source: Source,
    size: BodySize,
    /// What is left of the announced length.
    left: Option<u64>,
    /// What is left of a frame.
    rest: Bytes,
    /// The body failed; what came before is sent first.
    failing: Option<Box<dyn StdError>>,
    runtime: Option<HostRuntime>,
    pump: Option<Pump>,
    _in_flight: Option<InFlight>,
    /// The last to be dropped.
    stream: Option<Rc<Link>>,
}

enum Source {
    Empty,
    Failed(Option<Box<dyn StdError>>),
    Body(ResponseBody),
}

impl Outgoing {
    fn of(source: Source, size: BodySize) -> Self {
        Self {
            source,
            size,
            left: None,
            rest: Bytes::new(),
            failing: None,
            runtime: None,
            pump: None,
            _in_flight: None,
            stream: None,
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
        if let Some(stream) = &this.stream
            && stream.is_closed_by_client()
        {
            return Poll::Ready(Some(Err("the client is gone".into())));
        }
        if !this.rest.is_empty() {
            return Poll::Ready(Some(Ok(this.next_chunk())));
        }
        if let Some(error) = this.failing.take() {
            return Poll::Ready(Some(Err(error)));
        }
        let body = match &mut this.source {
            Source::Empty => return Poll::Ready(None),
            Source::Failed(error) => return Poll::Ready(error.take().map(Err)),
            // Its end needs no look into the application.
            Source::Body(body) if body.is_end_stream() && !body.lifetime().is_aborted() => {
                return Poll::Ready(None);
            }
            Source::Body(body) => body,
        };
        loop {
            let polled = match &this.runtime {
                Some(runtime) => {
                    let frame = std::future::poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx));
                    pin!(runtime.enter(frame)).poll(cx)
                }
                None => Pin::new(&mut *body).poll_frame(cx),
            };
            let frame = match polled {
                Poll::Ready(Some(Ok(frame))) => frame,
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Ready(Some(Err(error))) if body.lifetime().is_aborted() => {
                    return Poll::Ready(Some(Err(error.into())));
                }
                Poll::Ready(Some(Err(error))) => {
                    // The engine forgets what it has not sent when it is told; let it send first.
                    this.failing = Some(error.into());
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Poll::Pending => return Poll::Pending,
            };
            // Trailers have no place in the engine, and an empty chunk would end the body.
            let Ok(mut data) = frame.into_data() else {
                continue;
            };
            if data.is_empty() {
                continue;
            }
            if let Some(left) = &mut this.left {
                if *left == 0 {
                    return Poll::Ready(None); // more than was announced
                }
                data.truncate(usize::try_from(*left).unwrap_or(usize::MAX));
                *left -= data.len() as u64;
            }
            this.rest = data;
            return Poll::Ready(Some(Ok(this.next_chunk())));
        }
    }
}
