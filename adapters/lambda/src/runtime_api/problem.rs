use std::borrow::Cow;

use bytes::Bytes;
use serde::Serialize;

/// Why an invocation has no response, as its error response says it.
#[derive(Debug, Serialize)]
pub(crate) struct Problem {
    /// `Category.Reason`, as AWS has them.
    #[serde(rename = "errorType")]
    kind: &'static str,
    #[serde(rename = "errorMessage")]
    message: Cow<'static, str>,
    /// What reads it may expect one.
    #[serde(rename = "stackTrace")]
    trace: [&'static str; 0],
}

impl Problem {
    pub(crate) fn new(kind: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            message: message.into(),
            trace: [],
        }
    }

    pub(crate) fn kind(&self) -> &'static str {
        self.kind
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    pub(crate) fn to_json(&self) -> Bytes {
        // Text and nothing else, which is always JSON.
        serde_json::to_vec(self).unwrap_or_default().into()
    }
}
