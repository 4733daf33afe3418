//! One request, seen from outside.

use http::StatusCode;
use http::request::Parts;

#[cfg(feature = "metrics")]
use super::measured::Measured;
use crate::adapter::Connection;
#[cfg(feature = "tracing")]
use crate::features::{ConnectionInfo, Features, RequestIdentifier};

/// One request, seen from outside, from its head to the end of its response.
pub(in crate::adapter) struct Observed {
    #[cfg(feature = "metrics")]
    measured: Measured,
    /// Made only if somebody listens. Boxed, since a request is moved often.
    #[cfg(feature = "tracing")]
    span: Option<Box<tracing::Span>>,
    #[cfg(any(feature = "metrics", feature = "tracing"))]
    failed: bool,
}

/// Why a request did not end as it should; OpenTelemetry's `error.type`.
#[derive(Clone, Copy, Debug)]
pub(in crate::adapter) enum Failure {
    /// The application panicked.
    Panic,
    /// The application answered what is no response.
    InvalidResponse,
    /// The body of the response panicked, failed, or was not as long as announced.
    ResponseBody,
    /// The application hung up.
    Aborted,
    /// The client went away, or the server ended, before the response was complete.
    Incomplete,
}

impl Failure {
    #[cfg(any(feature = "metrics", feature = "tracing"))]
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Panic => "panic",
            Self::InvalidResponse => "invalid_response",
            Self::ResponseBody => "response_body",
            Self::Aborted => "aborted",
            Self::Incomplete => "incomplete",
        }
    }
}

#[cfg_attr(
    not(any(feature = "metrics", feature = "tracing")),
    expect(unused_variables, clippy::unused_self, reason = "nobody looks")
)]
impl Observed {
    /// Begins a request whose head is as the application will see it.
    #[inline]
    pub(in crate::adapter) fn begin(connection: &Connection, head: &Parts) -> Self {
        Self {
            #[cfg(feature = "metrics")]
            measured: Measured::begin(connection.scheme(), &head.method, head.version),
            #[cfg(feature = "tracing")]
            span: span(connection, head),
            #[cfg(any(feature = "metrics", feature = "tracing"))]
            failed: false,
        }
    }

    /// The response is there.
    #[inline]
    pub(in crate::adapter) fn answered(&mut self, status: StatusCode) {
        #[cfg(feature = "metrics")]
        self.measured.answered(status);
        #[cfg(feature = "tracing")]
        if let Some(span) = &self.span {
            span.record("status", status.as_u16());
        }
    }

    /// Something went wrong. What follows from it does not count.
    #[cold]
    pub(in crate::adapter) fn failed(&mut self, failure: Failure) {
        #[cfg(any(feature = "metrics", feature = "tracing"))]
        if std::mem::replace(&mut self.failed, true) {
            return;
        }
        #[cfg(feature = "metrics")]
        self.measured.failed(failure);
        #[cfg(feature = "tracing")]
        if let Some(span) = &self.span {
            span.record("error", failure.as_str());
        }
    }

    /// Enters the span, for a piece of the request's work that cannot unwind. There is no guard that
    /// [leaves](Self::leave) it, and no closure: either makes the common case dearer, where there is no span.
    #[inline]
    pub(in crate::adapter) fn enter(&self) {
        #[cfg(feature = "tracing")]
        if let Some(span) = &self.span {
            enter(span);
        }
    }

    #[inline]
    pub(in crate::adapter) fn leave(&self) {
        #[cfg(feature = "tracing")]
        if let Some(span) = &self.span {
            leave(span);
        }
    }
}

#[cfg(feature = "tracing")]
#[cold]
fn enter(span: &tracing::Span) {
    span.with_subscriber(|(id, subscriber)| subscriber.enter(id));
}

#[cfg(feature = "tracing")]
#[cold]
fn leave(span: &tracing::Span) {
    span.with_subscriber(|(id, subscriber)| subscriber.exit(id));
}

/// Returns the span of a request if somebody wants it; nobody mostly does, and pays a comparison.
#[cfg(feature = "tracing")]
#[inline]
fn span(connection: &Connection, head: &Parts) -> Option<Box<tracing::Span>> {
    match tracing::level_filters::LevelFilter::current() >= tracing::Level::DEBUG {
        true => span_if_enabled(connection, head),
        false => None,
    }
}

#[cfg(feature = "tracing")]
#[inline(never)]
fn span_if_enabled(connection: &Connection, head: &Parts) -> Option<Box<tracing::Span>> {
    use tracing::field::{Empty, display};

    let id = || {
        let features = head.extensions.get::<Features>()?;
        features.get::<RequestIdentifier>().map(display)
    };
    let peer = || {
        let info = connection.features().get::<ConnectionInfo>()?;
        info.remote().map(display)
    };
    let span = tracing::debug_span!(
        target: "transom::adapter",
        "request",
        id = id(),
        peer = peer(),
        protocol = ?head.version,
        method = %head.method,
        // Without the query, which may hold secrets.
        path = head.uri.path(),
        status = Empty,
        error = Empty,
    );
    (!span.is_disabled()).then(|| Box::new(span))
}
