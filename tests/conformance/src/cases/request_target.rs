//! S-REQ: the method and the target.

use http::{Method, StatusCode};
use transom::features::{OriginalTarget, PathBase};
use transom::{App, Body, Request, Response};

use crate::{Capability, Case, Notes, Outcome, Protocol, Run, ensure, observe, same};

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
        Case::new(
            "S-REQ-TARGET",
            "`OriginalTarget` is the target that the client sent.",
            original_target,
        ),
        Case::new(
            "S-REQ-BASE",
            "A server that has no path base of its own takes nothing off the path.",
            path_base,
        ),
        Case::new(
            "S-REQ-FORM-ASTERISK",
            "The target of `OPTIONS *` is `*`.",
            asterisk,
        )
        .on(&[Protocol::Memory, Protocol::Gateway, Protocol::Http1])
        .needs(&[Capability::OptionsAsterisk]),
        Case::new(
            "S-REQ-FORM-AUTHORITY",
            "The URI of CONNECT is the authority to connect to.",
            authority,
        )
        .with_app(|notes| App::new(move |request| refuse(request, notes.clone())))
        .needs(&[Capability::ConnectMethod]),
        Case::wire(
            "S-REQ-FORM-ABSOLUTE",
            "A whole URI as target is handed over as its path and query; its authority replaces `Host`.",
            absolute,
        )
        .needs(&[Capability::AbsoluteForm]),
        Case::wire(
            "S-REQ-FORM-WRONG",
            "A target of a form that the method does not take is refused with 400 or 405.",
            wrong_form,
        ),
        Case::wire(
            "S-REQ-FRAGMENT",
            "A fragment never reaches the application: the request is refused, or the fragment dropped.",
            fragment,
        ),
    ]
}

async fn method(run: Run) -> Outcome {
    for method in Run::plain_methods() {
        let mut request = run.request(method.as_str(), "/");
        if method == Method::POST || method == Method::PUT {
            // A server may ask for it, with 411.
            request = request.header("content-length", 0);
        }
        let seen = run.observe(request).await?;
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

async fn original_target(run: Run) -> Outcome {
    let sent = "/a%2Fb//c/../d?e=%20&f";
    let seen = run.observe(run.get(sent)).await?;
    let target = seen.features.require::<OriginalTarget>()?;
    let target = target.uri().path_and_query().map(ToString::to_string);
    same("the original target", target.as_deref(), Some(sent))
}

async fn path_base(run: Run) -> Outcome {
    let seen = run.observe(run.get("/base/path")).await?;
    let base = seen.features.get::<PathBase>().map_or("", PathBase::as_str);
    same("the path base", base, "")?;
    same("the path", seen.uri.path(), "/base/path")
}

async fn asterisk(run: Run) -> Outcome {
    let seen = run.observe(run.request("OPTIONS", "*")).await?;
    same("the URI", seen.uri.to_string(), "*")
}

async fn authority(run: Run) -> Outcome {
    let request = run.request("CONNECT", "other.test:443");
    let request = request.header("host", "other.test:443");
    let reply = run
        .connect()
        .await?
        .send(request.body(Body::empty())?)
        .await?;
    same("the status", reply.status(), StatusCode::FORBIDDEN)?;
    let seen = run.notes().request(0).await?;
    let authority = seen.uri.authority().map(ToString::to_string);
    same(
        "the authority",
        authority.as_deref(),
        Some("other.test:443"),
    )
}

/// A 2xx to CONNECT would make a tunnel of the connection.
async fn refuse(request: Request, notes: Notes) -> Response {
    let mut response = observe(request, notes).await;
    *response.status_mut() = StatusCode::FORBIDDEN;
    response
}

async fn absolute(run: Run) -> Outcome {
    let head = run.head("GET", "http://other.test:8080/a%2Fb?c");
    let seen = run.observe_bytes(format!("{head}\r\n")).await?;
    same("the URI", seen.uri.to_string(), "/a%2Fb?c")?;
    same("Host", seen.values("host"), ["other.test:8080"])
}

async fn wrong_form(run: Run) -> Outcome {
    for (method, target) in [
        ("GET", "*"),
        ("GET", "other.test:443"),
        ("GET", "no-slash/path"),
        ("CONNECT", "/path"),
        ("CONNECT", "other.test"),
        ("CONNECT", "*"),
    ] {
        let mut wire = run.wire().await?;
        wire.send(format!("{}\r\n", run.head(method, target)))
            .await?;
        let status = wire.read_reply().await?.head.status;
        ensure(
            matches!(status, 400 | 405),
            format!("the status of {method} {target} is {status}, and should be 400 or 405"),
        )?;
    }
    let called = run.notes().seen().len();
    same("how often the application was called", called, 0)
}

async fn fragment(run: Run) -> Outcome {
    let mut wire = run.wire().await?;
    wire.send(format!("{}\r\n", run.head("GET", "/a?b#c")))
        .await?;
    let status = wire.read_reply().await?.head.status;
    ensure(
        matches!(status, 200 | 400),
        format!("the status is {status}, and should be 200 or 400"),
    )?;
    for seen in run.notes().seen() {
        same("the URI", seen.uri.to_string(), "/a?b")?;
    }
    Ok(())
}
