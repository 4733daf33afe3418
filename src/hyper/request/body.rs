//! The bodies between hyper and the application.

use std::error::Error as StdError;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{HeaderName, header};
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Incoming;

use crate::adapter::ResponseBody;
use crate::body::Error;
use crate::hyper::connection::InTransit;
use crate::hyper::connection::{Pace, Watchdog};
use crate::hyper::http1::{Exchange, Flight};
use crate::hyper::options::{Limits, Options};

/// The body of a request. What the application leaves of it on HTTP/1 goes back to the connection.
pub(in crate::hyper) struct RequestBody {
    /// Gone once it is given back.
    incoming: Option<Incoming>,
    unread: Unread,
    /// With the rate that the client has to keep.
    options: Option<Arc<Options>>,
    /// Made when the client has first to be waited for.
    wait: Option<Box<Wait>>,
}

/// How long a client is waited for.
struct Wait {
    pace: Pace,
    watchdog: Watchdog,
}

/// What to do with the rest of a body that the application drops.
enum Unread {
    /// HTTP/2: the stream deals with it.
    Drop,
    /// HTTP/1: it stands between the connection and the next request.
    Return { exchange: Exchange, awaited: bool },
    /// The client was too slow: there will be no more of it.
    Late,
}

impl RequestBody {
    pub(in crate::hyper) fn empty() -> Self {
        Self {
            incoming: None,
            unread: Unread::Drop,
            options: None,
            wait: None,
        }
    }

    pub(in crate::hyper) fn of_stream(incoming: Incoming, options: Arc<Options>) -> Self {
        Self {
            incoming: Some(incoming),
            unread: Unread::Drop,
            options: Some(options),
            wait: None,
        }
    }

    /// Wraps the body of a request on HTTP/1. `awaited` says that the client sends it only when told to go
    /// on, which it is when the body is first read.
    pub(in crate::hyper) fn of_connection(
        incoming: Incoming,
        exchange: Exchange,
        awaited: bool,
        options: Arc<Options>,
    ) -> Self {
        Self {
            incoming: Some(incoming),
            unread: Unread::Return { exchange, awaited },
            options: Some(options),
            wait: None,
        }
    }

    /// Waits for the client, for as long as it may take. It is not waited for while nobody asks for the body,
    /// and so neither while it waits to be told to go on.
    fn poll_late(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let limits = self.options.as_ref().map(|options| &options.limits);
        let Some(rate) = limits.and_then(Limits::min_request_body_rate) else {
            return Poll::Pending;
        };
        let Wait { pace, watchdog } = &mut **self.wait.get_or_insert_with(|| {
            Box::new(Wait {
                pace: Pace::new(rate),
                watchdog: Watchdog::default(),
            })
        });
        pace.wait();
        watchdog.poll_anywhere(cx, pace.deadline())
    }

    fn give_up(&mut self) -> Error {
        let unread = std::mem::replace(&mut self.unread, Unread::Late);
        if let Unread::Return { exchange, .. } = unread {
            exchange.give_up_late();
        }
        self.incoming = None;
        Error::timeout()
    }
}

impl HttpBody for RequestBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if let Unread::Return { awaited, .. } = &mut self.unread {
            *awaited = false;
        }
        let Some(incoming) = &mut self.incoming else {
            let late = matches!(self.unread, Unread::Late);
            return Poll::Ready(late.then(|| Err(Error::timeout())));
        };
        let Poll::Ready(frame) = Pin::new(incoming).poll_frame(cx) else {
            return self.poll_late(cx).map(|()| Some(Err(self.give_up())));
        };
        Poll::Ready(match frame {
            Some(Ok(frame)) => {
                if let Some(wait) = &mut self.wait {
                    wait.pace.advance(frame.data_ref().map_or(0, Bytes::len));
                }
                if frame.is_trailers() {
                    // Nothing follows them, and who has them need not ask.
                    self.unread = Unread::Drop;
                }
                Some(Ok(without_framing(frame)))
            }
            Some(Err(error)) => {
                if let Unread::Return { exchange, .. } =
                    std::mem::replace(&mut self.unread, Unread::Drop)
                {
                    exchange.give_up();
                }
                Some(Err(map_error(error)))
            }
            None => {
                self.unread = Unread::Drop;
                None
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        match &self.incoming {
            Some(incoming) => incoming.is_end_stream(),
            None => !matches!(self.unread, Unread::Late),
        }
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming
            .as_ref()
            .map_or_else(|| SizeHint::with_exact(0), Incoming::size_hint)
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        if let Unread::Return { exchange, awaited } = &self.unread
            && let Some(incoming) = self.incoming.take()
            && !incoming.is_end_stream()
        {
            exchange.leave(incoming, *awaited);
        }
    }
}

/// Takes the fields from trailers that may not stand there: who merged them into those of the head, as many
/// do, would believe them. RFC 9110, section 6.5.1.
#[inline]
fn without_framing(mut frame: Frame<Bytes>) -> Frame<Bytes> {
    if let Some(trailers) = frame.trailers_mut() {
        for name in NOT_IN_TRAILERS {
            trailers.remove(name);
        }
    }
    frame
}

/// Framing, routing, credentials and what else decides how the head is understood.
const NOT_IN_TRAILERS: [HeaderName; 20] = [
    header::AUTHORIZATION,
    header::CACHE_CONTROL,
    header::CONNECTION,
    header::CONTENT_ENCODING,
    header::CONTENT_LENGTH,
    header::CONTENT_RANGE,
    header::CONTENT_TYPE,
    header::COOKIE,
    header::EXPECT,
    header::FORWARDED,
    header::HOST,
    header::IF_MATCH,
    header::IF_NONE_MATCH,
    header::MAX_FORWARDS,
    header::PROXY_AUTHORIZATION,
    header::RANGE,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// A malformed body is one thing, and a client that went away is another.
fn map_error(error: hyper::Error) -> Error {
    let malformed = {
        let mut next = error.source();
        loop {
            match next {
                None => break false,
                Some(cause) => {
                    if let Some(cause) = cause.downcast_ref::<io::Error>() {
                        break matches!(
                            cause.kind(),
                            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData
                        );
                    }
                    next = cause.source();
                }
            }
        }
    };
    match malformed {
        true => Error::new(error),
        false => Error::disconnected_by(error),
    }
}

/// The largest piece of a body that hyper is handed. On HTTP/1 it copies each into a buffer that it keeps as
/// long as the connection lasts, so one large piece would cost its size until then; on HTTP/2 pieces show
/// whether the client takes them.
const PIECE: usize = 16 * 1024;

/// The body of a response. An HTTP/1 connection knows by it that a request is in flight.
pub(in crate::hyper) struct Outgoing {
    body: Option<ResponseBody>,
    /// What is left of a frame that is handed over in pieces. Boxed: few frames are so large, and a body is
    /// moved often.
    rest: Option<Box<Bytes>>,
    /// Whether the length is kept from hyper, so that it sends chunks, which trailers can follow.
    chunked: bool,
    carrier: Option<Carrier>,
}

/// How a connection knows of a response that is on its way.
pub(in crate::hyper) enum Carrier {
    /// HTTP/1: by the body, which hyper keeps until all of it is sent.
    Http1(Flight),
    /// HTTP/2: hyper is done with the body before its data is sent, so the data tells.
    Http2(InTransit),
}

impl Outgoing {
    pub(in crate::hyper) fn new(body: ResponseBody, chunked: bool, carrier: Carrier) -> Self {
        Self {
            body: Some(body),
            rest: None,
            chunked,
            carrier: Some(carrier),
        }
    }

    pub(in crate::hyper) fn empty() -> Self {
        Self {
            body: None,
            rest: None,
            chunked: false,
            carrier: None,
        }
    }

    fn has_rest(&self) -> bool {
        self.rest.as_ref().is_some_and(|rest| !rest.is_empty())
    }

    fn take_rest(&mut self) -> Option<Bytes> {
        let rest = std::mem::take(&mut **self.rest.as_mut()?);
        (!rest.is_empty()).then_some(rest)
    }

    /// Returns the first piece of `data`, and keeps the rest.
    fn piece(&mut self, mut data: Bytes) -> Frame<Bytes> {
        if data.len() > PIECE {
            let rest = data.split_off(PIECE);
            match &mut self.rest {
                Some(place) => **place = rest,
                none => *none = Some(Box::new(rest)),
            }
        }
        Frame::data(match &self.carrier {
            Some(Carrier::Http2(in_transit)) => in_transit.hold(data),
            _ => data,
        })
    }
}

impl HttpBody for Outgoing {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if let Some(rest) = self.take_rest() {
            return Poll::Ready(Some(Ok(self.piece(rest))));
        }
        let Some(body) = &mut self.body else {
            return Poll::Ready(None);
        };
        let frame = ready!(Pin::new(body).poll_frame(cx));
        Poll::Ready(match frame {
            Some(Ok(frame)) => Some(Ok(match frame.into_data() {
                Ok(data) => self.piece(data),
                Err(trailers) => trailers,
            })),
            frame => frame,
        })
    }

    fn is_end_stream(&self) -> bool {
        !self.has_rest() && self.body.as_ref().is_none_or(ResponseBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        // hyper asks before the first frame, when there is no rest.
        match &self.body {
            Some(body) if !self.chunked && !self.has_rest() => body.size_hint(),
            Some(_) => SizeHint::default(),
            None => SizeHint::with_exact(0),
        }
    }
}
