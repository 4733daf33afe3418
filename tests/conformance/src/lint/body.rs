use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body as HttpBody, Frame, SizeHint};
use transom::Body;
use transom::body::Error;
use transom::features::MaxRequestBodySize;

use super::{Report, Rule};

/// A body that counts what passes through it.
pub(super) struct Watched {
    body: Body,
    origin: Origin,
    /// What `Content-Length` says.
    announced: Option<u64>,
    /// What the exact size hint says.
    hinted: Option<u64>,
    yielded: u64,
    trailers: bool,
    report: Report,
}

/// Who made a body.
pub(super) enum Origin {
    /// The server; the limit has to be frozen once it is read.
    Request { limit: Option<MaxRequestBodySize> },
    /// The application.
    Response,
}

impl Watched {
    pub(super) fn new(body: Body, origin: Origin, announced: Option<u64>, report: &Report) -> Self {
        Self {
            hinted: body.size_hint().exact(),
            body,
            origin,
            announced,
            yielded: 0,
            trailers: false,
            report: report.clone(),
        }
    }

    fn check_limit(&mut self) {
        if let Origin::Request { limit } = &mut self.origin
            && let Some(limit) = limit.take()
            && limit.set(limit.limit()).is_ok()
        {
            self.report.add(Rule::FEAT_LATE, "it changed");
        }
    }

    fn check_frame(&mut self, frame: &Frame<Bytes>) {
        if self.trailers {
            self.report.add(
                Rule::BODY_ORDER,
                format!("{} goes on after trailers", self.name()),
            );
        }
        if let Some(data) = frame.data_ref() {
            self.yielded += data.len() as u64;
            // Told once, at the frame that goes too far.
            let before = self.yielded - data.len() as u64;
            let over = |length: &u64| (before..self.yielded).contains(length);
            if let Some(length) = self.announced.filter(over) {
                self.report
                    .add(self.length_rule(), format!("{length}, and there is more"));
            }
            if let Some(length) = self.hinted.filter(over) {
                let name = self.name();
                self.report.add(
                    Rule::BODY_HINT,
                    format!("{name}: {length}, and there is more"),
                );
            }
        }
        if let Some(trailers) = frame.trailers_ref() {
            self.trailers = true;
            self.check_trailers(trailers);
        }
    }

    fn check_trailers(&self, trailers: &HeaderMap) {
        if matches!(self.origin, Origin::Request { .. }) {
            // They are the client's, and no server judges them.
            return;
        }
        for name in trailers.keys().map(http::HeaderName::as_str) {
            if FORBIDDEN_TRAILERS.contains(&name) {
                self.report.add(Rule::RES_TRAILERS, name);
            }
        }
    }

    fn check_end(&self) {
        let yielded = self.yielded;
        if let Some(length) = self.announced.filter(|length| *length > yielded) {
            self.report.add(
                self.length_rule(),
                format!("{length}, and there were {yielded} bytes"),
            );
        }
        if let Some(length) = self.hinted.filter(|length| *length > yielded) {
            let name = self.name();
            self.report.add(
                Rule::BODY_HINT,
                format!("{name}: {length}, and there were {yielded} bytes"),
            );
        }
    }

    fn length_rule(&self) -> &'static Rule {
        match self.origin {
            Origin::Request { .. } => Rule::REQ_CL,
            Origin::Response => Rule::RES_CL,
        }
    }

    fn name(&self) -> &'static str {
        match self.origin {
            Origin::Request { .. } => "the body of the request",
            Origin::Response => "the body of the response",
        }
    }
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.body).poll_frame(cx);
        this.check_limit();
        let frame = ready!(polled);
        match &frame {
            Some(Ok(frame)) => {
                this.check_frame(frame);
                // A body may say that it ended, and is then not asked again.
                if this.body.is_end_stream() {
                    this.check_end();
                    this.announced = None;
                    this.hinted = None;
                }
            }
            Some(Err(_)) => {}
            None => this.check_end(),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

const FORBIDDEN_TRAILERS: &[&str] = &[
    "authorization",
    "connection",
    "content-encoding",
    "content-length",
    "content-range",
    "content-type",
    "host",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];
