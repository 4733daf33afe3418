//! S-REQ: the fields, the version, the scheme.

use crate::{Case, Outcome, Run, same};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "S-REQ-HDR-MULTI",
            "Fields of one name stay separate and in order.",
            header_multi,
        ),
        Case::new(
            "S-REQ-HDR-EMPTY",
            "A field with an empty value is kept.",
            header_empty,
        ),
    ]
}

async fn header_multi(run: Run) -> Outcome {
    let request = run
        .get("/")
        .header("x-multi", "1")
        .header("x-other", "-")
        .header("x-multi", "2, 3")
        .header("x-multi", "1");
    let seen = run.observe(request).await?;
    same(
        "x-multi",
        seen.values("x-multi"),
        [&b"1"[..], b"2, 3", b"1"],
    )
}

async fn header_empty(run: Run) -> Outcome {
    let seen = run.observe(run.get("/").header("x-empty", "")).await?;
    same("x-empty", seen.values("x-empty"), [b""])
}
