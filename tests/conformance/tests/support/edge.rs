//! What a case asks of `HyperServer` at the edge.

use transom::HyperServer;
use transom::hyper::{Endpoint, Limits, MinDataRate, ProxyProtocol};
use transom_conformance::Edge;

pub(crate) fn limits(edge: &Edge) -> Limits {
    let rate = |(bytes, grace)| MinDataRate::new(bytes, grace);
    let mut limits = Limits::default()
        .with_max_connections(edge.connections)
        .with_max_connections_per_address(edge.connections_per_address)
        .with_max_upgraded_connections(edge.upgraded_connections)
        .with_max_requests_per_connection(edge.requests_per_connection)
        .with_max_connection_age(edge.connection_age);
    if edge.head_timeout.is_some() {
        limits = limits.with_request_head_timeout(edge.head_timeout);
    }
    if edge.keep_alive_timeout.is_some() {
        limits = limits.with_keep_alive_timeout(edge.keep_alive_timeout);
    }
    if edge.request_body_rate.is_some() {
        limits = limits.with_min_request_body_rate(edge.request_body_rate.map(rate));
    }
    if edge.response_rate.is_some() {
        limits = limits.with_min_response_rate(edge.response_rate.map(rate));
    }
    if let Some(bytes) = edge.request_line {
        limits = limits.with_max_request_line_size(bytes);
    }
    if let Some(bytes) = edge.request_head {
        limits = limits.with_max_request_head_size(bytes);
    }
    if let Some(count) = edge.request_fields {
        limits = limits.with_max_request_fields(count);
    }
    if let Some(count) = edge.requests_at_once {
        let http2 = limits.http2().clone().with_max_streams(count);
        let http3 = limits.http3().clone().with_max_streams(count);
        limits = limits.with_http2(http2).with_http3(http3);
    }
    limits
}

/// Returns the server of an endpoint, with the limits and the proxies that a case asks for.
pub(crate) fn server(edge: &Edge, endpoint: Endpoint) -> HyperServer {
    let endpoint = match edge.proxy_protocol {
        true => {
            let proxies = ProxyProtocol::from_trusted(["127.0.0.1", "unix", "memory"]);
            endpoint.with_proxy_protocol(proxies)
        }
        false => endpoint,
    };
    HyperServer::default()
        .with_endpoint(endpoint)
        .with_limits(limits(edge))
}
