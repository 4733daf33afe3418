//! A response, from the types of http 1 to those of http 0.2, and its body as the engine's.

use std::error::Error as StdError;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_http::body::{BodySize, BoxBody, MessageBody};
use actix_http::header::HeaderValue;
use actix_http::{ConnectionType, Response as ActixResponse, StatusCode as ActixStatus};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use http_body::Body as _;
use transom::adapter::{HostRuntime, ResponseBody};
use transom_adapter_http02::to_02;

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
pub(crate) fn convert(
    response: http::Response<ResponseBody>,
    asked: Asked,
    size: BodySize,
    runtime: HostRuntime,
    in_flight: InFlight,
    pump: Option<Box<Pump>>,
) -> Answer {
    let (parts, body) = response.into_parts();
    let status =
        ActixStatus::from_u16(parts.status.as_u16()).unwrap_or(ActixStatus::INTERNAL_SERVER_ERROR);
    let mut response = ActixResponse::with_body(
        status,
        Outgoing {
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
        },
    );
    let head = response.head_mut();
    for (name, value) in &parts.headers {
        if name == header::CONTENT_LENGTH && parts.status != StatusCode::NOT_MODIFIED {
            continue; // the engine writes it
        }
        // Both versions of the types take the same bytes.
        if let (Some(name), Some(value)) = (to_02::name(name), to_02::value(value)) {
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
    Answer(response)
}

/// Returns how the engine frames the body of a response.
pub(crate) fn size(response: &http::Response<ResponseBody>, head: bool) -> BodySize {
    match response.status() {
        StatusCode::SWITCHING_PROTOCOLS | StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED => {
            return BodySize::None;
        }
        _ => {}
    }
    // The body is as long as was announced, where it has any.
    match response.body().size_hint().exact() {
        Some(length) if length > 0 => return BodySize::Sized(length),
        _ => {}
    }
    match announced(response.headers()) {
        Some(length) => BodySize::Sized(length),
        // The length that GET would have is not known.
        None if head => BodySize::None,
        None => match response.body().size_hint().exact() {
            Some(length) => BodySize::Sized(length),
            None => BodySize::Stream,
        },
    }
}

/// Returns whether the engine drops a body of that size unread.
pub(crate) fn is_unread(size: BodySize) -> bool {
    matches!(size, BodySize::None | BodySize::Sized(0))
}

/// Returns the length that the application set.
fn announced(headers: &HeaderMap) -> Option<u64> {
    let length = headers.get(header::CONTENT_LENGTH)?;
    length.to_str().ok()?.parse().ok()
}

/// Reads a body that the engine drops unread: it has to come to its end all the same.
pub(crate) async fn exhaust(body: &mut ResponseBody, runtime: &HostRuntime) {
    while !body.is_end_stream() {
        let frame =
            std::future::poll_fn(|cx| runtime.within(|| Pin::new(&mut *body).poll_frame(cx))).await;
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
    pump: Option<Box<Pump>>,
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
        match self.rest.len() > CHUNK {
            true => self.rest.split_to(CHUNK),
            false => std::mem::take(&mut self.rest),
        }
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
        if let Some(whole) = body.take_whole() {
            this.left = this
                .left
                .map(|left| left.saturating_sub(whole.len() as u64));
            this.rest = whole;
            return Poll::Ready(Some(Ok(this.next_chunk())));
        }
        loop {
            let polled = match &this.runtime {
                Some(runtime) => runtime.within(|| Pin::new(&mut *body).poll_frame(cx)),
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
