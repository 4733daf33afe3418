//! Where no Transom is.

use tower_layer::Layer;

use super::*;

async fn sent(layer: CertificateForwardingLayer) -> http::Request<()> {
    let echo = tower::service_fn(|request: http::Request<()>| async move {
        Ok::<_, std::convert::Infallible>(request)
    });
    let request = http::Request::get("/").header("x-client-cert", ONE);
    let request = request.body(()).unwrap();
    tower::ServiceExt::oneshot(layer.layer(echo), request)
        .await
        .unwrap()
}

#[test]
fn nobody_is_trusted_unless_everybody_is() {
    run(async {
        let request = sent(CertificateForwardingLayer::base64()).await;
        assert!(request.headers().is_empty());
        assert!(request.feature::<TlsInfo>().is_none());
        let request = sent(CertificateForwardingLayer::base64().with_any_proxy()).await;
        let tls = request.feature::<TlsInfo>().unwrap();
        assert_eq!(tls.client_certificate().unwrap(), &[0x30, 3, 2, 1, 1][..]);
    });
}
