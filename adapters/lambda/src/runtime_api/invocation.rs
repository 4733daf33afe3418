use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};

use crate::LambdaContext;

/// One event, and what is known of its invocation.
#[derive(Debug)]
pub(crate) struct Invocation {
    pub(crate) context: LambdaContext,
    /// Sent back with the answer, so that none reaches another invocation.
    pub(crate) token: Option<HeaderValue>,
    pub(crate) payload: Bytes,
}

impl Invocation {
    /// Returns nothing if the invocation has no id, without which it cannot be answered.
    pub(crate) fn read(headers: &HeaderMap, payload: Bytes) -> Option<Self> {
        let text = |name: &str| {
            let value = String::from_utf8_lossy(headers.get(name)?.as_bytes());
            (!value.is_empty()).then(|| value.into_owned())
        };
        let request_id = text("lambda-runtime-aws-request-id")?;
        let is_segment = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
        if !request_id.bytes().all(is_segment) {
            return None;
        }
        Some(Self {
            context: LambdaContext {
                request_id,
                deadline: text("lambda-runtime-deadline-ms").and_then(|text| deadline(&text)),
                function_arn: text("lambda-runtime-invoked-function-arn"),
                trace_id: text("lambda-runtime-trace-id"),
                tenant_id: text("lambda-runtime-aws-tenant-id"),
                identity: text("lambda-runtime-cognito-identity"),
                client_context: text("lambda-runtime-client-context"),
            },
            token: headers.get("lambda-runtime-invocation-id").cloned(),
            payload,
        })
    }

    pub(crate) fn id(&self) -> &str {
        &self.context.request_id
    }
}

/// AWS Lambda delivers no event whose time is up; so a deadline that has passed is none, which is what some
/// emulators send.
fn deadline(text: &str) -> Option<SystemTime> {
    let deadline = UNIX_EPOCH.checked_add(Duration::from_millis(text.parse().ok()?))?;
    (deadline > SystemTime::now()).then_some(deadline)
}
