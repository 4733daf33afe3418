use std::sync::atomic::Ordering;

use http::response::Parts;
use http::{HeaderMap, StatusCode, header};
use http_body::Body as _;
use transom::{Body, Response};

use super::body::{Origin, Watched};
use super::request::{Asked, Offered};
use super::{Report, Rule};

/// Checks what the application returns, and returns it with the body watched.
pub(super) fn check(response: Response, asked: &Asked, report: &Report) -> Response {
    let (head, body) = response.into_parts();
    check_status(&head, asked, report);
    check_fields(&head, report);
    let length = check_length(&head.headers, report);
    let empty = body.is_end_stream() || body.size_hint().exact() == Some(0);
    check_bodiless(&head, empty, length, report);
    let bodiless = asked.head || matches!(head.status.as_u16(), 100..200 | 204 | 205 | 304);
    if let Some(length) = length
        && length != 0
        && empty
        && !bodiless
    {
        report.add(Rule::RES_CL, format!("{length}, and the body is empty"));
    }
    if !empty && !bodiless && !head.headers.contains_key(header::CONTENT_TYPE) {
        report.add(Rule::RES_CTYPE, head.status.to_string());
    }
    let length = length.filter(|_| !bodiless);
    let body = match body.is_end_stream() {
        true => body,
        false => Body::new(Watched::new(body, Origin::Response, length, report)),
    };
    Response::from_parts(head, body)
}

fn check_status(head: &Parts, asked: &Asked, report: &Report) {
    let status = head.status;
    if status == StatusCode::SWITCHING_PROTOCOLS {
        let wrong = match &asked.upgrade {
            Offered::No => Some("no upgrade was offered"),
            Offered::Yes(taken) if !taken.load(Ordering::Acquire) => {
                Some("the upgrade was not accepted")
            }
            _ if !names_upgrade(&head.headers) => Some("the fields are not there"),
            _ => None,
        };
        if let Some(wrong) = wrong {
            report.add(Rule::RES_101, wrong);
        }
    } else if !(200..600).contains(&status.as_u16()) {
        report.add(Rule::RES_STATUS, status.as_u16().to_string());
    }
}

fn check_fields(head: &Parts, report: &Report) {
    let upgrade = matches!(
        head.status,
        StatusCode::SWITCHING_PROTOCOLS | StatusCode::UPGRADE_REQUIRED
    );
    for (name, value) in &head.headers {
        let own = match name.as_str() {
            "keep-alive" | "proxy-connection" | "te" | "transfer-encoding" => true,
            "upgrade" => !upgrade,
            "connection" => !upgrade || !value.as_bytes().eq_ignore_ascii_case(b"upgrade"),
            _ => false,
        };
        if own {
            report.add(Rule::RES_TE, format!("{name}: {value:?}"));
        }
        if value.as_bytes().trim_ascii().len() != value.len() {
            report.add(Rule::RES_HDRVAL, format!("{name}: {value:?}"));
        }
    }
}

fn names_upgrade(headers: &HeaderMap) -> bool {
    let connection = headers.get(header::CONNECTION);
    let connection = connection.is_some_and(|value| {
        let mut options = value.as_bytes().split(|byte| *byte == b',');
        options.any(|option| option.trim_ascii().eq_ignore_ascii_case(b"upgrade"))
    });
    connection && headers.contains_key(header::UPGRADE)
}

/// Returns the length that the body has to have.
fn check_length(headers: &HeaderMap, report: &Report) -> Option<u64> {
    let mut values = headers.get_all(header::CONTENT_LENGTH).iter();
    let value = values.next()?;
    let length = value.to_str().ok().and_then(|value| value.parse().ok());
    if length.is_none() || values.next().is_some() {
        let all: Vec<_> = headers.get_all(header::CONTENT_LENGTH).iter().collect();
        report.add(Rule::RES_CL, format!("{all:?}"));
        return None;
    }
    length
}

fn check_bodiless(head: &Parts, empty: bool, length: Option<u64>, report: &Report) {
    let status = head.status.as_u16();
    if !matches!(status, 204 | 205 | 304) {
        return;
    }
    if !empty {
        report.add(Rule::RES_NOBODY, format!("a {status} with a body"));
    }
    let allowed = match status {
        204 => length.is_none(),
        205 => length.unwrap_or_default() == 0,
        _ => true,
    };
    if !allowed {
        report.add(
            Rule::RES_NOBODY,
            format!(
                "a {status} with a Content-Length of {}",
                length.unwrap_or_default()
            ),
        );
    }
    let has = |name| head.headers.contains_key(name);
    if status == 304 && !has(header::ETAG) && !has(header::LAST_MODIFIED) {
        report.add(Rule::RES_VALIDATOR, "neither is there");
    }
}
