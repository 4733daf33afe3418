//! S-REQ: the method and the target.

use crate::{Capability, Case, Outcome, Run, same};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "S-REQ-METHOD",
            "The method is what the client sent; names that differ in case are different methods.",
            method,
        ),
        Case::new(
            "S-REQ-METHOD-CUSTOM",
            "A method that no standard names is handed over like any other.",
            method_custom,
        )
        .needs(&[Capability::CustomMethods]),
        Case::new(
            "S-REQ-PATH-RAW",
            "The path is handed over byte for byte: nothing is decoded, encoded or normalised.",
            path_raw,
        ),
        Case::new(
            "S-REQ-PATH-DOUBLE",
            "A path that was encoded twice stays so.",
            path_double,
        ),
        Case::new(
            "S-REQ-PATH-SLASHES",
            "Repeated slashes in the path are kept.",
            path_slashes,
        ),
        Case::new(
            "S-REQ-PATH-DOTS",
            "Dot segments in the path are not resolved.",
            path_dots,
        ),
        Case::new(
            "S-REQ-QUERY",
            "The query is handed over byte for byte, and an empty one is not an absent one.",
            query,
        ),
    ]
}

async fn method(run: Run) -> Outcome {
    for method in Run::plain_methods() {
        let seen = run.observe(run.request(method.as_str(), "/")).await?;
        same("the method", seen.method.as_str(), method.as_str())?;
    }
    Ok(())
}

async fn method_custom(run: Run) -> Outcome {
    for method in ["QUERY", "PROPFIND", "gEt", "X-CUSTOM.1"] {
        let seen = run.observe(run.request(method, "/")).await?;
        same("the method", seen.method.as_str(), method)?;
    }
    Ok(())
}

async fn path_raw(run: Run) -> Outcome {
    path_is_kept(&run, "/a%2Fb/%41%7e%25;p=q/c+d/!$&'()*,:@=~-._").await
}

async fn path_double(run: Run) -> Outcome {
    path_is_kept(&run, "/%252F/%2525").await
}

async fn path_slashes(run: Run) -> Outcome {
    path_is_kept(&run, "//a///b//").await
}

async fn path_dots(run: Run) -> Outcome {
    path_is_kept(&run, "/a/./b/../c/..").await
}

async fn path_is_kept(run: &Run, path: &str) -> Outcome {
    let seen = run.observe(run.get(path)).await?;
    same("the path", seen.uri.path(), path)
}

async fn query(run: Run) -> Outcome {
    for (target, query) in [
        ("/q", None),
        ("/q?", Some("")),
        ("/q?a=%20+b&&c=/?&=", Some("a=%20+b&&c=/?&=")),
    ] {
        let seen = run.observe(run.get(target)).await?;
        same(&format!("the query of {target}"), seen.uri.query(), query)?;
    }
    Ok(())
}
