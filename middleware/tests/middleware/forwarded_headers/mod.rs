//! One test a row of the rule.

mod environment;
mod hostile;
mod outside;
mod reading;
mod rfc7239;
mod symmetry;
mod trust;
mod values;

use http::HeaderName;
use tower_layer::Layer;
use transom::features::{PathBase, Scheme};
use transom::{ApplicationBuilder, Body, RequestExt};
use transom_middleware::forwarded_headers::ForwardedPart::{For, Host, Prefix, Proto};
use transom_middleware::forwarded_headers::{ForwardedHeadersLayer, ForwardedPart};

use crate::support::{coming_from, describe, run, send, text, with_feature};

const LOCAL: Option<&str> = Some("127.0.0.1:9");
const STRANGER: Option<&str> = Some("203.0.113.1:9");

/// Sends a request with these fields through the layer, and says what came out of it.
fn seen(peer: Option<&str>, layer: ForwardedHeadersLayer, fields: &[(&str, &str)]) -> String {
    let app = coming_from(ApplicationBuilder::new(), peer).layer(layer);
    through(app, fields)
}

fn through(app: ApplicationBuilder, fields: &[(&str, &str)]) -> String {
    let mut request = http::Request::get("/");
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::empty()).unwrap();
    run(async { text(send(app.run_fn(describe), request).await).await })
}

fn layer(parts: impl IntoIterator<Item = ForwardedPart>) -> ForwardedHeadersLayer {
    ForwardedHeadersLayer::new(parts)
}
