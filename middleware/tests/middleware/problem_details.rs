//! What a problem is written as.

use http::{Response, StatusCode};
use transom::RequestExt;
use transom::features::{ConnectionId, RequestIdentifier};
use transom::pipeline::IntoResponse;
use transom_middleware::problem_details::{ProblemContext, ProblemDetails, ProblemWriter};

use crate::support::{run, text};

fn hostile() -> ProblemDetails {
    ProblemDetails::new(StatusCode::CONFLICT)
        .with_type("https://example.com/a?b&c")
        .with_title("<b>\"title\"</b>")
        .with_detail("<script>alert(1)</script>\n")
        .with_instance("/orders/1")
        .with_extension("balance", 30)
        .with_extension("accounts", vec!["</pre>", "b"])
}

fn write(writer: &ProblemWriter, accept: &str) -> Response<String> {
    let mut request = http::Request::get("/")
        .header("accept", accept)
        .body(())
        .unwrap();
    let identifier = RequestIdentifier::generated(ConnectionId::next(), 7);
    request.features_mut().insert(identifier);
    writer.write(&ProblemContext::of(&request), hostile())
}

#[test]
fn json_has_the_members_of_the_rfc_first_and_then_ones_own() {
    let response = hostile().into_response();
    assert_eq!(response.status(), 409);
    assert_eq!(
        response.headers()["content-type"],
        "application/problem+json"
    );
    let json = run(text(response));
    let expected = concat!(
        r#"{"type":"https://example.com/a?b&c","title":"<b>\"title\"</b>","status":409,"#,
        r#""detail":"<script>alert(1)</script>\n","instance":"/orders/1","#,
        r#""accounts":["</pre>","b"],"balance":30}"#
    );
    assert_eq!(json, expected);
}

#[test]
fn without_more_a_problem_is_its_status() {
    for (status, json) in [
        (
            404,
            r#"{"type":"about:blank","title":"Not Found","status":404}"#,
        ),
        (
            599,
            r#"{"type":"about:blank","title":"Unknown","status":599}"#,
        ),
    ] {
        let problem = ProblemDetails::new(StatusCode::from_u16(status).unwrap());
        assert_eq!(run(text(problem.into_response())), json);
    }
}

#[test]
fn html_is_escaped_and_may_load_nothing() {
    let response = write(&ProblemWriter::new(), "text/html");
    assert_eq!(response.status(), 409);
    let headers = response.headers();
    assert_eq!(headers["content-type"], "text/html; charset=utf-8");
    assert_eq!(headers["content-security-policy"], "default-src 'none'");
    assert_eq!(headers["vary"], "accept");
    let page = response.body();
    assert!(
        page.contains("<h1>409 &lt;b&gt;&quot;title&quot;&lt;/b&gt;</h1>"),
        "{page}"
    );
    assert!(
        page.contains("<p>&lt;script&gt;alert(1)&lt;/script&gt;"),
        "{page}"
    );
    assert!(page.contains(":00000007</small>"), "{page}");
}

#[test]
fn text_is_a_line_each() {
    let response = write(&ProblemWriter::new(), "text/plain");
    assert_eq!(
        response.headers()["content-type"],
        "text/plain; charset=utf-8"
    );
    let text = response.body();
    let expected = "409 <b>\"title\"</b>\n<script>alert(1)</script>\n\ntraceId: ";
    assert!(text.starts_with(expected), "{text}");
}

#[test]
fn the_trace_is_the_identifier_of_the_request_and_a_problems_own_is_kept() {
    let json = write(&ProblemWriter::new(), "*/*");
    assert!(json.body().contains(r#":00000007""#), "{json:?}");

    let mut request = http::Request::new(());
    request
        .features_mut()
        .insert(RequestIdentifier::new("ours"));
    let problem = hostile().with_extension("traceId", "mine");
    let response: Response<String> =
        ProblemWriter::new().write(&ProblemContext::of(&request), problem);
    assert!(
        response.body().contains(r#""traceId":"mine""#),
        "{response:?}"
    );
}

#[test]
fn a_customization_sees_every_problem_with_its_trace() {
    let writer = ProblemWriter::new().with_customization(|context, problem| {
        assert!(problem.extensions().contains_key("traceId"));
        assert!(context.trace_id().is_some());
        ProblemDetails::new(StatusCode::GONE).with_extension("was", problem.status().as_u16())
    });
    let response = write(&writer, "*/*");
    assert_eq!(response.status(), 410);
    assert_eq!(
        response.body(),
        r#"{"type":"about:blank","title":"Gone","status":410,"was":409}"#
    );
}

#[test]
#[should_panic(expected = "`detail` is a member of every problem; set it by `with_detail`")]
fn a_member_of_the_rfc_is_no_extension() {
    let _ = hostile().with_extension("detail", "x");
}
