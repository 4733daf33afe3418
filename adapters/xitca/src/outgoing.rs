//! A response, as the engine takes it.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, Version, header, response};
use http_body::Body as _;
use transom::adapter::{HostRuntime, ResponseBody};
use transom::body;
use xitca_http::body::{Body, Frame, SizeHint};

use crate::flight::InFlight;
use crate::link::{Last, Link};
use crate::pump::Pump;

/// How a request wants to be answered.
#[derive(Clone, Copy)]
pub(crate) struct Asked {
    pub(crate) head: bool,
    pub(crate) connect: bool,
    pub(crate) version: Version,
    /// A client of HTTP/1.0 asked to keep the connection.
    pub(crate) keep_alive: bool,
    pub(crate) takes_trailers: bool,
    /// The connection cannot be used again.
    pub(crate) close: bool,
}

/// The body of a response for the engine. It drives the rest of the request's body too.
pub(crate) struct Outgoing {
    size: SizeHint,
    content: Option<Content>,
    /// Set for the last response of a connection of HTTP/1. Boxed, as what else few responses have: a response is moved often.
    last: Option<Box<Ending>>,
}

/// The engine sends what it has while it waits for a body. So the last response waits once before it ends: then
/// it is known that what follows is behind it.
struct Ending {
    link: Rc<Link>,
    waited: bool,
    trailers: Option<HeaderMap>,
}

impl Ending {
    fn new(link: Rc<Link>) -> Self {
        Self {
            link,
            waited: false,
            trailers: None,
        }
    }

    fn poll(
        &mut self,
        cx: &Context<'_>,
        size: SizeHint,
        trailers: Option<HeaderMap>,
    ) -> Poll<Option<Result<Frame<Bytes>, body::Error>>> {
        if !std::mem::replace(&mut self.waited, true) {
            self.trailers = trailers;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.link.end_with(match size {
            SizeHint::Unknown => Last::Ends,
            SizeHint::Exact(_) | SizeHint::None => Last::Over,
        });
        let trailers = self.trailers.take();
        Poll::Ready(trailers.map(|trailers| Ok(Frame::Trailers(trailers))))
    }
}

struct Content {
    body: ResponseBody,
    /// The bytes go to the connection by another way than the engine's.
    unframed: Option<Box<Unframed>>,
    takes_trailers: bool,
    runtime: HostRuntime,
    pump: Option<Box<Pump>>,
    /// The last to be dropped.
    in_flight: InFlight,
}

/// A body that the end of the connection ends. The engine would send it in chunks, which HTTP/1.0 has not.
#[derive(Default)]
struct Unframed {
    /// The engine has sent the head.
    begun: bool,
    /// What is left of a frame.
    rest: Bytes,
}

impl Outgoing {
    pub(crate) fn empty() -> Self {
        Self {
            size: SizeHint::Exact(0),
            content: None,
            last: None,
        }
    }

    /// Returns an empty body after which the connection of HTTP/1 ends.
    pub(crate) fn last(link: Rc<Link>) -> Self {
        Self {
            last: Some(Box::new(Ending::new(link))),
            ..Self::empty()
        }
    }

    /// Returns the response for the engine to send.
    pub(crate) fn answer(
        response: Response<ResponseBody>,
        asked: Asked,
        runtime: HostRuntime,
        in_flight: InFlight,
        pump: Option<Box<Pump>>,
    ) -> Response<Self> {
        let (mut head, body) = response.into_parts();
        let mut size = size(&mut head, &body, asked);
        let mut close = asked.close || in_flight.link().is_stopping();
        let unframed = (asked.version < Version::HTTP_11
            && size == SizeHint::Unknown
            && !head.headers.contains_key(header::CONTENT_LENGTH))
        .then(Box::<Unframed>::default);
        if unframed.is_some() {
            size = SizeHint::None;
            close = true;
        }
        if asked.version < Version::HTTP_2 && head.status != StatusCode::SWITCHING_PROTOCOLS {
            let token = match (close, asked.keep_alive) {
                (true, _) => Some("close"),
                (false, true) => Some("keep-alive"),
                (false, false) => None,
            };
            if let Some(token) = token {
                let token = HeaderValue::from_static(token);
                head.headers.append(header::CONNECTION, token);
            }
        }
        let switches = head.status == StatusCode::SWITCHING_PROTOCOLS;
        let last = (close && !switches && asked.version < Version::HTTP_2)
            .then(|| Box::new(Ending::new(Rc::clone(in_flight.link()))));
        let content = Some(Content {
            body,
            unframed,
            takes_trailers: asked.takes_trailers,
            runtime,
            pump,
            in_flight,
        });
        let outgoing = Self {
            size,
            content,
            last,
        };
        Response::from_parts(head, outgoing)
    }
}

/// Returns the length of a body, and takes what the engine would misunderstand out of the head.
fn size(head: &mut response::Parts, body: &ResponseBody, asked: Asked) -> SizeHint {
    match head.status {
        StatusCode::NO_CONTENT => return SizeHint::None,
        StatusCode::SWITCHING_PROTOCOLS | StatusCode::NOT_MODIFIED => {
            // The engine would wait for as many bytes.
            if asked.version < Version::HTTP_2 {
                head.headers.remove(header::CONTENT_LENGTH);
            }
            return SizeHint::None;
        }
        status if asked.connect && status.is_success() && asked.version < Version::HTTP_2 => {
            // RFC 9110, section 9.3.6: it has none, and the engine sends none.
            head.headers.remove(header::CONTENT_LENGTH);
            return SizeHint::None;
        }
        // The length that GET would have is in the head, or not known.
        _ if asked.head => return SizeHint::None,
        _ => {}
    }
    match body.size_hint().exact() {
        Some(0) if asked.version >= Version::HTTP_2 => {
            let zero = HeaderValue::from_static("0");
            head.headers.insert(header::CONTENT_LENGTH, zero);
            SizeHint::None
        }
        Some(length) => SizeHint::Exact(length),
        None => SizeHint::Unknown,
    }
}

impl Content {
    fn poll_body(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, body::Error>>> {
        let body = &mut self.body;
        let polled = (self.runtime).within(|| Pin::new(body).poll_frame(cx));
        if polled.is_ready() && self.pump.is_none() {
            return polled;
        }
        let gone = self.in_flight.poll_gone(cx);
        if let Some(pump) = &mut self.pump {
            pump.poll(cx, gone);
        }
        match polled {
            Poll::Pending if gone => Poll::Ready(Some(Err(body::Error::disconnected()))),
            polled => polled,
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, body::Error>>> {
        if self.unframed.is_none() {
            return self.poll_next(cx);
        }
        let ended = ready!(self.poll_unframed(cx));
        Poll::Ready(ended.and_then(Result::err).map(Err))
    }

    fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, body::Error>>> {
        if !self.in_flight.link().poll_room(cx) {
            return match self.in_flight.poll_gone(cx) {
                true => Poll::Ready(Some(Err(body::Error::disconnected()))),
                false => Poll::Pending,
            };
        }
        if self.pump.is_none() {
            // What is there already, and the end, need no look into the application.
            if let Some(whole) = self.body.take_whole() {
                self.in_flight.link().gave(whole.len());
                return Poll::Ready(Some(Ok(Frame::Data(whole))));
            }
            if self.body.is_end_stream() && !self.body.lifetime().is_aborted() {
                return Poll::Ready(None);
            }
        }
        loop {
            let frame = match ready!(self.poll_body(cx)) {
                Some(Ok(frame)) => frame,
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            };
            match frame.into_data() {
                Ok(data) if data.is_empty() => {}
                Ok(data) => {
                    self.in_flight.link().gave(data.len());
                    return Poll::Ready(Some(Ok(Frame::Data(data))));
                }
                Err(frame) => match frame.into_trailers() {
                    Ok(trailers) if self.takes_trailers => {
                        // The engine asks for no more, and the body has to come to its end.
                        let _ = self.poll_body(cx);
                        return Poll::Ready(Some(Ok(Frame::Trailers(trailers))));
                    }
                    _ => {}
                },
            }
        }
    }

    /// Sends the body, and ends when it has ended.
    fn poll_unframed(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<(), body::Error>>> {
        let Some(unframed) = &mut self.unframed else {
            return Poll::Ready(None);
        };
        if !std::mem::replace(&mut unframed.begun, true) {
            // The engine sends what it has while it waits.
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        loop {
            let Some(Unframed { rest, .. }) = self.unframed.as_deref_mut() else {
                return Poll::Ready(None);
            };
            let link = self.in_flight.link();
            if !rest.is_empty() {
                match ready!(link.poll_write(cx, rest)) {
                    Ok(written) => drop(rest.split_to(written)),
                    Err(error) => {
                        return Poll::Ready(Some(Err(body::Error::disconnected_by(error))));
                    }
                }
                continue;
            }
            if let Err(error) = ready!(link.poll_written(cx)) {
                return Poll::Ready(Some(Err(body::Error::disconnected_by(error))));
            }
            match ready!(self.poll_next(cx)) {
                Some(Ok(Frame::Data(data))) => {
                    if let Some(unframed) = &mut self.unframed {
                        unframed.rest = data;
                    }
                }
                Some(Ok(Frame::Trailers(_))) => {}
                Some(Err(error)) => {
                    // An orderly close would be taken for the end of the body.
                    self.in_flight.link().break_off();
                    return Poll::Ready(Some(Err(error)));
                }
                None => return Poll::Ready(None),
            }
        }
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = body::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, body::Error>>> {
        let this = self.get_mut();
        let next = match &mut this.content {
            Some(content) => ready!(content.poll(cx)),
            None => None,
        };
        let trailers = match (next, &this.last) {
            (Some(Ok(Frame::Trailers(trailers))), Some(_)) => Some(trailers),
            (None, Some(_)) => None,
            (next, _) => return Poll::Ready(next),
        };
        this.content = None;
        match &mut this.last {
            Some(last) => last.poll(cx, this.size, trailers),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        let content = self.content.as_ref();
        content.is_none_or(|content| content.body.is_end_stream() && content.unframed.is_none())
    }

    fn size_hint(&self) -> SizeHint {
        self.size
    }
}
