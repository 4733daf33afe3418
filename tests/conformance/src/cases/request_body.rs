//! S-BODY: the body of a request.

use transom::Body;

use crate::{Case, Outcome, Run, same};

pub(super) fn cases() -> Vec<Case> {
    vec![Case::new(
        "S-BODY-CL",
        "The body is the bytes that the client sent, whatever they are.",
        content_length,
    )]
}

async fn content_length(run: Run) -> Outcome {
    let sent: Vec<u8> = (0..100_000_u32)
        .map(|at| (at.wrapping_mul(at) >> 7) as u8)
        .collect();
    let seen = run
        .observe_with(run.post("/"), Body::from(sent.clone()))
        .await?;
    same("the length of the body", seen.body.len(), sent.len())?;
    same("whether the bytes are the same", seen.body == sent, true)
}
