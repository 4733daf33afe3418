//! One request, from its stream to the application and back.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body::{Body as HttpBody, Frame};
use quinn::{RecvStream, SendStream};

use super::body::{Exchange, RequestBody, UNDECODABLE};
use super::code::Code;
use super::connection::Shared;
use super::frames::{Fault, Frames, Part};
use super::head::{self, Refusal};
use super::reader::Reader;
use super::tunnel::Tunnel;
use super::writer::{Unsendable, Writer};
use crate::adapter::{ResponseBody, check_head};
use crate::body::Error;
use crate::contract::Application;
use crate::features::{ExtendedConnect, RequestExt as _};
use crate::hyper::connection::Reason;

/// How long the end of a stream may take to follow a head without a body.
const END_OF_HEAD: Duration = Duration::from_millis(10);

/// How a request ended, as far as the connection has to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    Answered,
    /// The client took it back, or it was none.
    Cancelled,
}

/// Serves one request.
pub(super) async fn serve<A: Application>(
    shared: Arc<Shared<A>>,
    send: SendStream,
    receive: RecvStream,
) -> Ended {
    let limits = Arc::clone(&shared.limits);
    let frames = Frames::new(
        Reader::new(receive),
        limits.http3().max_field_section_size() as u64,
    );
    let stream = Stream {
        writer: Writer::new(send, shared.in_transit.clone()),
        frames,
        shared,
    };
    let reading = stream.shared.limits.request_head_timeout();
    stream.answer(reading).await
}

struct Stream<A> {
    shared: Arc<Shared<A>>,
    writer: Writer,
    frames: Frames,
}

impl<A: Application> Stream<A> {
    async fn answer(mut self, deadline: Option<Duration>) -> Ended {
        let reading = self.frames.next();
        let part = match deadline {
            Some(deadline) => match tokio::time::timeout(deadline, reading).await {
                Ok(part) => part,
                Err(_) => {
                    self.shared.refused(Reason::RequestHeadTimeout, None, None);
                    return self.answer_with(StatusCode::REQUEST_TIMEOUT).await;
                }
            },
            None => reading.await,
        };
        let section = match part {
            Ok(Part::Section(section)) => section,
            Ok(Part::Data(_) | Part::End) => {
                self.writer.reset(Code::REQUEST_INCOMPLETE);
                return Ended::Cancelled;
            }
            Err(fault) => return self.faulty(&fault).await,
        };
        let (mut head, length) = match self.head(&section) {
            Ok(head) => head,
            Err(Refusal::Status(status)) => return self.refuse(status).await,
            Err(Refusal::Malformed(why)) => return self.malformed(why),
            Err(Refusal::Undecodable) => return self.faulty(&UNDECODABLE).await,
        };
        let over = self.is_over(&head, length).await;
        if over && length.is_some_and(|length| length > 0) {
            return self.malformed("a request without the body that it announced");
        }
        let Self {
            shared,
            writer,
            frames,
        } = self;
        let exchange = Arc::new(Exchange::default());
        let asked = head.extensions.remove::<ExtendedConnect>();
        let has_body = !over && length != Some(0) && asked.is_none();
        let (frames, offer, tunnel) = match asked {
            // What follows is no body.
            Some(_) => {
                let (offer, tunnel) = Tunnel::offer(&shared, frames);
                (None, Some(offer), Some(tunnel))
            }
            None => (has_body.then_some(frames), None, None),
        };
        let awaited = has_body && expects_continue(&head);
        let is_head = head.method == Method::HEAD;
        let body = RequestBody::new(
            frames,
            length,
            Arc::clone(&exchange),
            Arc::clone(&shared.link),
            Arc::clone(&shared.limits),
        );
        let mut answer = Answer {
            writer,
            exchange,
            limit: shared.field_section_limit(),
        };
        let begun = (shared.server.dispatcher).begin(&shared.connection, &mut head, offer);
        if let Some(asked) = asked {
            // axum looks for hyper's.
            let protocol = hyper::ext::Protocol::from(asked.protocol());
            head.extensions.insert(protocol);
            head.features_mut().insert(asked);
        }
        let running = pin!(begun.run(head, body, |_, body| body));
        let ended = match answer.wait(running, awaited).await {
            Some(Ok(mut response)) => match tunnel.and_then(|tunnel| tunnel.open(&mut response)) {
                Some(open) => {
                    // With its body the request is over.
                    let sent = answer.head(response).await.map(drop);
                    match sent {
                        Ok(()) => open.carry(&shared, &mut answer.writer).await,
                        unsent => unsent,
                    }
                }
                None => answer.send(response, is_head).await,
            },
            Some(Err(_aborted)) => Err(Some(Code::INTERNAL_ERROR)),
            None => Err(None),
        };
        if answer.exchange.late.load(Ordering::Acquire) {
            shared.refused(Reason::MinRequestBodyRate, None, None);
        }
        let ended = match ended {
            Ok(()) => answer.writer.finish().await.map_err(|Unsendable| None),
            unsent => unsent,
        };
        if answer.writer.is_late() {
            shared.link.is_too_slow();
        }
        match ended {
            Ok(()) => Ended::Answered,
            Err(why) => {
                answer.writer.reset(why.unwrap_or(Code::REQUEST_CANCELLED));
                match why {
                    Some(_) => Ended::Answered,
                    None => Ended::Cancelled,
                }
            }
        }
    }

    /// Returns whether the request has no body. One that has a length, or a method that brings one, is not
    /// waited for.
    async fn is_over(&mut self, head: &Parts, length: Option<u64>) -> bool {
        let over = poll_fn(|cx| Poll::Ready(self.frames.is_over(cx))).await;
        let expected = length.is_some() || !head.method.is_safe();
        if over || expected {
            return over;
        }
        // Some clients end a stream in a packet of its own, right behind the head.
        let ending = poll_fn(|cx| self.frames.poll_over(cx));
        tokio::time::timeout(END_OF_HEAD, ending)
            .await
            .unwrap_or(false)
    }

    fn head(&self, section: &Bytes) -> Result<(Parts, Option<u64>), Refusal> {
        let head = head::request(section, &self.shared.limits)?;
        let length = head::content_length(&head.headers)?;
        let request = Request::from_parts(head, ());
        match check_head(&request) {
            Ok(()) => Ok((request.into_parts().0, length)),
            Err(_) => Err(Refusal::Status(StatusCode::BAD_REQUEST)),
        }
    }

    /// Refuses the request.
    async fn refuse(self, status: StatusCode) -> Ended {
        (self.shared).refused(Reason::InvalidRequest, Some(status), None);
        self.answer_with(status).await
    }

    /// Answers instead of the application.
    async fn answer_with(mut self, status: StatusCode) -> Ended {
        // The rest of the request is not worth reading.
        self.frames.stop(Code::NO_ERROR);
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
        add_date(&mut headers);
        let limit = self.shared.field_section_limit();
        if self.writer.head(status, &headers, limit).await.is_ok() {
            let _ = self.writer.finish().await;
        }
        if self.writer.is_late() {
            self.shared.link.is_too_slow();
        }
        Ended::Answered
    }

    fn malformed(mut self, why: &'static str) -> Ended {
        (self.shared).refused(Reason::InvalidRequest, None, Some(why));
        self.frames.stop(Code::MESSAGE_ERROR);
        self.writer.reset(Code::MESSAGE_ERROR);
        Ended::Cancelled
    }

    async fn faulty(mut self, fault: &Fault) -> Ended {
        match fault {
            Fault::TooLarge => {
                return self
                    .refuse(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE)
                    .await;
            }
            Fault::Connection(code, why) => {
                self.shared.link.violated(*code, why);
            }
            Fault::Cancelled | Fault::Lost => {}
        }
        self.writer.reset(Code::REQUEST_CANCELLED);
        Ended::Cancelled
    }
}

/// A response on its way. An error is why its stream is reset; `None` if the client does not want it.
struct Answer {
    writer: Writer,
    exchange: Arc<Exchange>,
    /// How large a section of fields the client takes.
    limit: u64,
}

impl Answer {
    /// Waits for `work`, and returns `None` if the client does not wait as long. Sends `100 Continue` when the
    /// application reads the body, if that is `awaited`.
    async fn wait<T>(
        &mut self,
        mut work: Pin<&mut impl Future<Output = T>>,
        mut awaited: bool,
    ) -> Option<T> {
        let mut stopped = pin!(self.writer.stopped());
        let exchange = Arc::clone(&self.exchange);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return Some(done),
                () = &mut stopped => return None,
                () = exchange.read.wait(), if awaited => {
                    awaited = false;
                    let none = HeaderMap::new();
                    let sent = self.writer.head(StatusCode::CONTINUE, &none, self.limit).await;
                    if sent.is_err() {
                        return None;
                    }
                }
            }
        }
    }

    /// Sends the head of a response, and returns its body.
    async fn head(
        &mut self,
        response: Response<ResponseBody>,
    ) -> Result<ResponseBody, Option<Code>> {
        let (mut head, body) = response.into_parts();
        add_date(&mut head.headers);
        let sending = self.writer.head(head.status, &head.headers, self.limit);
        sending.await.map_err(|Unsendable| None)?;
        Ok(body)
    }

    async fn send(
        &mut self,
        mut response: Response<ResponseBody>,
        is_head: bool,
    ) -> Result<(), Option<Code>> {
        let bodiless = is_head
            || response.status() == StatusCode::NO_CONTENT
            || response.status() == StatusCode::NOT_MODIFIED;
        if let (Some(length), false) = (response.body().size_hint().exact(), bodiless) {
            let length = || HeaderValue::from(length);
            (response.headers_mut())
                .entry(header::CONTENT_LENGTH)
                .or_insert_with(length);
        }
        let gone = |Unsendable| None;
        let mut body = pin!(self.head(response).await?);
        loop {
            let frame = poll_fn(|cx| match body.is_end_stream() {
                true => Poll::Ready(None),
                false => body.as_mut().poll_frame(cx),
            });
            match self.wait_for_frame(frame).await? {
                None => return Ok(()),
                // A body that was made of the request's may fail with it.
                Some(Err(_)) => {
                    return Err(Some(self.exchange.why().unwrap_or(Code::INTERNAL_ERROR)));
                }
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.writer.data(data).await.map_err(gone)?,
                    Err(frame) => {
                        if let Ok(trailers) = frame.into_trailers() {
                            let sending = self.writer.trailers(&trailers, self.limit);
                            return sending.await.map_err(gone);
                        }
                    }
                },
            }
        }
    }

    /// Waits for a part of the response, unless the client is gone, or what it sent ends the request.
    async fn wait_for_frame(
        &mut self,
        frame: impl Future<Output = Option<Result<Frame<Bytes>, Error>>>,
    ) -> Result<Option<Result<Frame<Bytes>, Error>>, Option<Code>> {
        let Self {
            writer, exchange, ..
        } = self;
        let stopped = writer.stopped();
        let waiting = async {
            tokio::select! {
                biased;
                frame = frame => Ok(frame),
                () = stopped => Err(None),
                why = exchange.failure() => Err(Some(why)),
            }
        };
        let waited = writer.in_time(waiting).await;
        waited.unwrap_or(Err(None))
    }
}

fn expects_continue(head: &Parts) -> bool {
    let expect = head.headers.get(header::EXPECT);
    expect.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"))
}

/// RFC 9110, section 6.6.1: a server that has a clock says when it answered.
fn add_date(headers: &mut HeaderMap) {
    let now = || {
        let now = httpdate::fmt_http_date(SystemTime::now());
        HeaderValue::from_maybe_shared(Bytes::from(now)).unwrap_or(HeaderValue::from_static(""))
    };
    headers.entry(header::DATE).or_insert_with(now);
}
