//! What the kernel says of requests.

use transom::features::TlsInfo;
use transom::{Body, Request, RequestExt, Response};
use transom_http_sys::{RequestInfo, RequestProperties, RequestStage};

use crate::support::Running;

#[test]
fn a_request_says_when_the_kernel_did_what() {
    let server = Running::start(async |request: Request| {
        let info = request.feature::<RequestInfo>().unwrap();
        let timings = info.timings().unwrap();
        let waited = |from, to| timings.elapsed(from, to).unwrap().as_micros();
        let parsed = waited(
            RequestStage::RequestHeaderParseStart,
            RequestStage::RequestHeaderParseEnd,
        );
        let delivered = waited(
            RequestStage::RequestHeaderParseStart,
            RequestStage::RequestDeliveredForIO,
        );
        assert!(parsed <= delivered && delivered < 10_000_000);
        // Without TLS, over HTTP/1.1.
        assert_eq!(timings.counter(RequestStage::TlsHandshakeLeg1Start), None);
        assert_eq!(timings.counter(RequestStage::Http2StreamStart), None);
        Response::new(Body::from("told"))
    });
    assert_eq!(server.get("/").text(), "told");
    server.stop();
}

#[test]
fn a_request_answers_questions() {
    let server = Running::start(async |request: Request| {
        let properties = request.feature::<RequestProperties>().unwrap();
        let backlog = properties.query(0, &[]).unwrap();
        assert_eq!(backlog.len(), 8);
        assert!(properties.query(12_345, &[]).is_err());
        assert!(properties.tls_client_hello().is_err());
        assert!(request.feature::<TlsInfo>().is_none());
        Response::new(Body::from("told"))
    });
    let mut client = server.connect();
    for _ in 0..2 {
        assert_eq!(client.ask("GET", "/", "", b"").text(), "told");
    }
    server.stop();
}
