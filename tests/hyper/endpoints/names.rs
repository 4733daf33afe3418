//! Endpoints by name.

use transom::hyper::Endpoint;
use transom::{HyperServer, Server};

#[tokio::test]
async fn an_endpoint_is_named_in_what_goes_wrong() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", taken.local_addr().unwrap());
    let endpoint = Endpoint::new(&address).with_name("public");
    let server = HyperServer::default().with_endpoint(endpoint);
    let error = server.bind().await.unwrap_err();
    assert!(error.is_bind());
    let expected =
        format!("failed to bind to the endpoint `public`: failed to bind to {address}: ");
    assert!(error.report().starts_with(&expected), "{}", error.report());
}

#[tokio::test]
async fn two_endpoints_do_not_have_one_name() {
    let endpoint = || Endpoint::new("http://127.0.0.1:0").with_name("public");
    let server = HyperServer::default()
        .with_endpoint(endpoint())
        .with_endpoint(endpoint());
    let error = server.bind().await.unwrap_err();
    assert!(error.is_configuration());
    assert!(
        error.to_string().contains("two endpoints `public`"),
        "{error}"
    );
}
