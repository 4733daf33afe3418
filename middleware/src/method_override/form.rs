use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{HeaderMap, header};
use http_body::Body;

use super::Replayed;

/// A form that is being read.
pub(super) struct Form<B: Body> {
    body: Replayed<B>,
    max_size: usize,
}

impl<B: Body<Data = Bytes> + Unpin> Form<B> {
    /// `body` of a request that [is a form](is_form).
    pub(super) fn new(body: B, max_size: usize) -> Self {
        Self {
            body: Replayed::new(body),
            max_size,
        }
    }

    /// Reads to the end, or to where the body is known to be too long or broken.
    pub(super) fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            if self.body.size_hint().lower() > self.max_size as u64 {
                tracing::debug!(
                    limit = self.max_size,
                    "a form is too long to look for a method in it, and stays a POST"
                );
                return Poll::Ready(());
            }
            if !ready!(Pin::new(&mut self.body).poll_read_ahead(cx)) {
                return Poll::Ready(());
            }
        }
    }

    /// Returns the value of the first field with a name, if all of the form was read.
    pub(super) fn field(&self, name: &str) -> Option<String> {
        if !self.body.is_whole() {
            return None;
        }
        form_urlencoded::parse(self.body.ahead())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }

    pub(super) fn into_body(self) -> Replayed<B> {
        self.body
    }
}

/// Returns whether content with these fields is a form that can be read.
pub(super) fn is_form(fields: &HeaderMap) -> bool {
    const FORM: &str = "application/x-www-form-urlencoded";
    let of_form = |value: &str| {
        let essence = value.split(';').next().unwrap_or_default();
        essence.trim().eq_ignore_ascii_case(FORM)
    };
    let content_type = fields.get(header::CONTENT_TYPE);
    content_type.is_some_and(|value| value.to_str().is_ok_and(of_form))
        && !fields.contains_key(header::CONTENT_ENCODING)
}
