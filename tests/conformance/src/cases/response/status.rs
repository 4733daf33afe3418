//! The status.

use http::{HeaderValue, StatusCode, header};
use transom::{App, Request, Response};

use super::{Client, bare, text};
use crate::{Case, Outcome, Run, ensure, same};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "S-RES-STATUS",
            "Every status from 200 to 599 is sent as it is.",
            status,
        )
        .with_app(|_| App::new(answer)),
        Case::wire(
            "S-RES-REASON",
            "A status that no standard names has a well-formed status line too.",
            reason,
        )
        .with_app(|_| App::new(answer)),
        Case::new(
            "S-RES-101",
            "A 101 to a request that offered no upgrade is a 500 without content.",
            |run| never_sent(run, &[101]),
        )
        .with_app(|_| App::new(answer))
        .allows(&["L-RES-101", "L-RES-TE"]),
        Case::new(
            "S-RES-1XX",
            "No other status below 200 is the answer to a request: it is a 500 without content.",
            |run| never_sent(run, &[100, 102, 103, 199]),
        )
        .with_app(|_| App::new(answer))
        .allows(&["L-RES-STATUS"]),
    ]
}

/// Answers with the status that the path names.
async fn answer(request: Request) -> Response {
    let path = request.uri().path().trim_start_matches('/');
    let Some(status) = path
        .parse()
        .ok()
        .and_then(|code| StatusCode::from_u16(code).ok())
    else {
        return text("after");
    };
    let mut response = match status.as_u16() {
        204 | 205 | 304 => bare(status),
        _ => text(path.to_owned()),
    };
    *response.status_mut() = status;
    if status == StatusCode::SWITCHING_PROTOCOLS {
        let fields = response.headers_mut();
        fields.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        fields.insert(header::UPGRADE, HeaderValue::from_static("made-up"));
    }
    response
}

async fn status(run: Run) -> Outcome {
    let mut client = Client::new(&run);
    for code in 200..600_u16 {
        let reply = client.send("GET", &format!("/{code}")).await?;
        same("the status", reply.status().as_u16(), code)?;
        let body = match code {
            204 | 205 | 304 => String::new(),
            _ => code.to_string(),
        };
        same(&format!("the body of {code}"), reply.text().await?, body)?;
    }
    Ok(())
}

async fn reason(run: Run) -> Outcome {
    for code in [299, 418, 499, 599] {
        let mut wire = run.wire().await?;
        wire.send(format!("{}\r\n", run.head("GET", &format!("/{code}"))))
            .await?;
        let reply = wire.read_reply().await?;
        same("the status", reply.head.status, code)?;
        same("the body", &reply.body[..], code.to_string().as_bytes())?;
        let reason = reply.head.reason;
        ensure(
            !reason.contains(char::is_control),
            format!("the reason phrase is {reason:?}"),
        )?;
    }
    Ok(())
}

async fn never_sent(run: Run, codes: &[u16]) -> Outcome {
    for code in codes {
        let mut client = Client::new(&run);
        let reply = client.send("GET", &format!("/{code}")).await?;
        same(
            &format!("the status instead of {code}"),
            reply.status(),
            500,
        )?;
        same("the content", reply.text().await?, "")?;
        client.expect_text("/after", "after").await?;
    }
    Ok(())
}
