//! The span of a connection.

use tracing::level_filters::LevelFilter;
use tracing::{Level, Span};

use crate::features::ConnectionInfo;

/// Returns the span of a connection, in which are those of its requests.
pub(in crate::hyper) fn span(info: &ConnectionInfo) -> Span {
    tracing::debug_span!(
        target: "transom::hyper",
        "connection",
        id = %info.id(),
        peer = info.remote().map(tracing::field::display),
        local = info.local().map(tracing::field::display),
        transport = info.transport().as_str(),
    )
}

/// Returns the span that this is called in, for a task of the same connection. It is not asked for where
/// there can be none: to ask costs more than to know.
pub(in crate::hyper) fn current_span() -> Span {
    match LevelFilter::current() >= Level::DEBUG {
        true => Span::current(),
        false => Span::none(),
    }
}
