use std::borrow::Cow;
use std::error::Error as StdError;

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

    /// Names an error and all its causes.
    pub(crate) fn caused(kind: &'static str, error: &dyn StdError) -> Self {
        let mut message = error.to_string();
        let mut next = error.source();
        while let Some(cause) = next {
            message.push_str(": ");
            message.push_str(&cause.to_string());
            next = cause.source();
        }
        Self::new(kind, message)
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
