use bytes::Bytes;
use http::response::Parts;
use serde::Serialize;
use transom::adapter::ResponseBody;

use super::answer::Fields;
use crate::event::Form;
use crate::runtime_api::{Outgoing, Problem};

/// The type of a stream that begins with the head of a response.
pub(crate) const STREAMED: &str = "application/vnd.awslambda.http-integration-response";

/// What stands between head and body.
const DELIMITER: [u8; 8] = [0; 8];

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Prelude<'r> {
    status_code: u16,
    #[serde(flatten)]
    fields: Fields<'r>,
}

/// Returns a response whose body follows its head as it comes.
pub(crate) fn streamed(
    form: Form,
    head: &Parts,
    body: Option<ResponseBody>,
) -> Result<Outgoing, Problem> {
    let prelude = Prelude {
        status_code: head.status.as_u16(),
        fields: Fields::of(form, &head.headers),
    };
    let prelude = serde_json::to_vec(&prelude)
        .map_err(|error| Problem::caused("Response.Malformed", &error))?;
    // Two chunks: there are emulators that look for the delimiter as one of its own.
    let first = [Bytes::from(prelude), Bytes::from_static(&DELIMITER)];
    Ok(Outgoing::Streamed(first.into(), body))
}
