//! Where no Transom is.

use super::*;

async fn sent(layer: ForwardedHeadersLayer) -> http::Request<()> {
    let echo = tower::service_fn(|request: http::Request<()>| async move {
        Ok::<_, std::convert::Infallible>(request)
    });
    let request = http::Request::get("/")
        .header("host", "inner")
        .header("x-forwarded-for", "192.0.2.1")
        .header("x-forwarded-proto", "https")
        .header("x-forwarded-host", "outer")
        .body(())
        .unwrap();
    tower::ServiceExt::oneshot(layer.layer(echo), request)
        .await
        .unwrap()
}

#[test]
fn nobody_is_trusted_unless_everybody_is() {
    run(async {
        let request = sent(layer(ForwardedPart::ALL)).await;
        assert_eq!(request.headers()["host"], "inner");
        assert!(request.headers().contains_key("x-forwarded-for"));

        let request = sent(layer(ForwardedPart::ALL).with_any_proxy()).await;
        assert_eq!(request.headers()["host"], "outer");
        assert_eq!(request.headers()["x-original-host"], "inner");
        assert_eq!(request.feature::<Scheme>(), Some(&Scheme::Https));
        assert!(!request.headers().contains_key("x-forwarded-for"));
    });
}
