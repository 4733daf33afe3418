use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use http_body::{Body, Frame, SizeHint};
use transom::adapter::ResponseBody;
use transom::body::BoxError;

use super::Problem;

/// The content of a request to the Runtime API.
pub(crate) enum Outgoing {
    Whole(Bytes),
    /// What comes first, and then a body as it comes.
    Streamed(VecDeque<Bytes>, Option<ResponseBody>),
}

impl Outgoing {
    /// The trailers that tell of a body that broke off: what was sent of it shall not look complete.
    pub(crate) const ERROR_TYPE: &str = "lambda-runtime-function-error-type";
    pub(crate) const ERROR_BODY: &str = "lambda-runtime-function-error-body";
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match &mut *self {
            Self::Whole(bytes) if bytes.is_empty() => Poll::Ready(None),
            Self::Whole(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Self::Streamed(first, body) => {
                if let Some(bytes) = first.pop_front() {
                    return Poll::Ready(Some(Ok(Frame::data(bytes))));
                }
                let Some(streaming) = body else {
                    return Poll::Ready(None);
                };
                loop {
                    let polled = std::task::ready!(Pin::new(&mut *streaming).poll_frame(cx));
                    let ended = match polled {
                        Some(Ok(frame)) => match frame.into_data() {
                            // An empty chunk would be the end.
                            Ok(data) if data.is_empty() => continue,
                            Ok(data) => return Poll::Ready(Some(Ok(Frame::data(data)))),
                            // The fronts have no trailers.
                            Err(_) => continue,
                        },
                        Some(Err(error)) => {
                            let problem = Problem::caused("Response.BrokeOff", &error);
                            Some(Ok(Frame::trailers(trailers(&problem))))
                        }
                        None => None,
                    };
                    *body = None;
                    return Poll::Ready(ended);
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(bytes) if bytes.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Streamed(..) => SizeHint::default(),
        }
    }
}

fn trailers(problem: &Problem) -> HeaderMap {
    let mut trailers = HeaderMap::new();
    let kind = HeaderValue::from_static(problem.kind());
    trailers.insert(Outgoing::ERROR_TYPE, kind);
    // Base64 is always a value.
    if let Ok(body) = HeaderValue::try_from(STANDARD.encode(problem.to_json())) {
        trailers.insert(Outgoing::ERROR_BODY, body);
    }
    trailers
}
