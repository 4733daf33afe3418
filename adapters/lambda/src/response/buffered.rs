use bytes::Bytes;
use http::response::Parts;
use serde::Serialize;

use super::answer::Fields;
use super::content::{encode, too_large};
use crate::event::Form;
use crate::runtime_api::Problem;

/// How much AWS Lambda takes at once.
pub(crate) const LARGEST: usize = 6 << 20;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Buffered<'r> {
    status_code: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_description: Option<String>,
    #[serde(flatten)]
    fields: Fields<'r>,
    body: &'r str,
    is_base64_encoded: bool,
}

/// Returns a response as the JSON that its form asks for.
pub(crate) fn buffered(form: Form, head: &Parts, content: &[u8]) -> Result<Bytes, Problem> {
    let (body, is_base64_encoded) = encode(content);
    let description = || {
        let reason = head.status.canonical_reason().unwrap_or("Unknown");
        format!("{} {reason}", head.status.as_u16())
    };
    let answer = Buffered {
        status_code: head.status.as_u16(),
        status_description: matches!(form, Form::LoadBalancer { .. }).then(description),
        fields: Fields::of(form, &head.headers),
        body: &body,
        is_base64_encoded,
    };
    let json = serde_json::to_vec(&answer)
        .map_err(|error| Problem::caused("Response.Malformed", &error))?;
    match json.len() > LARGEST {
        true => Err(too_large()),
        false => Ok(json.into()),
    }
}
