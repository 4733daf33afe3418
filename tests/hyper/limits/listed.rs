//! What a server says of its limits.

use std::time::Duration;

use transom::features::{LimitValue, ServerLimits};
use transom::hyper::{Http2Limits, Limits, MinDataRate};
use transom::{BoundServer, HyperServer, Server};

#[tokio::test]
async fn each_limit_is_listed_by_the_name_of_its_option_and_as_it_was_set() {
    let limits = Limits::default()
        .with_max_connections(Some(7))
        .with_keep_alive_timeout(Some(Duration::from_millis(1500)))
        .with_max_request_head_size(1234)
        .with_min_response_rate(Some(MinDataRate::new(99, Duration::from_secs(3))))
        .with_min_request_body_rate(None)
        .with_http2(Http2Limits::default().with_max_streams(5));
    let server = HyperServer::new("http://127.0.0.1:0").with_limits(limits);
    let bound = server.bind().await.unwrap();
    let listed = bound.features().require::<ServerLimits>().unwrap().all();
    for (name, value) in [
        ("max_connections", Some(LimitValue::Count(7))),
        ("max_connection_age", None),
        (
            "keep_alive_timeout",
            Some(LimitValue::Time(Duration::from_millis(1500))),
        ),
        ("max_request_head_size", Some(LimitValue::Bytes(1234))),
        ("min_response_rate", Some(LimitValue::BytesPerSecond(99))),
        (
            "min_response_rate.grace",
            Some(LimitValue::Time(Duration::from_secs(3))),
        ),
        ("min_request_body_rate", None),
        ("min_request_body_rate.grace", None),
        ("http2.max_streams", Some(LimitValue::Count(5))),
    ] {
        let own: Vec<_> = listed.iter().filter(|limit| limit.name() == name).collect();
        assert_eq!(own.len(), 1, "{name}");
        assert_eq!(own[0].value(), value, "{name}");
    }
    let of_http3 = listed
        .iter()
        .filter(|limit| limit.name().starts_with("http3."));
    assert_eq!(
        of_http3.count(),
        if cfg!(feature = "http3") { 7 } else { 0 }
    );
}
