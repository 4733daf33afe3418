//! One test a form, a limit, a rule of trust.

mod forms;
mod limits;
mod order;
mod outside;
mod trust;

use transom::features::TlsInfo;
use transom::{ApplicationBuilder, Body, Request, RequestExt};
use transom_middleware::certificate_forwarding::CertificateForwardingLayer;

use crate::support::{coming_from, run, send, text};

const LOCAL: Option<&str> = Some("127.0.0.1:9");
const STRANGER: Option<&str> = Some("203.0.113.1:9");

/// The shortest values of DER that are told apart: `INTEGER`s in a `SEQUENCE`, in base64.
const ONE: &str = "MAMCAQE=";
const TWO: &str = "MAMCAQI=";
const THREE: &str = "MAMCAQM=";

/// Sends a request with these fields through the layer, and says what came out of it.
fn seen(peer: Option<&str>, layer: CertificateForwardingLayer, fields: &[(&str, &str)]) -> String {
    through(
        coming_from(ApplicationBuilder::new(), peer).layer(layer),
        fields,
    )
}

fn through(app: ApplicationBuilder, fields: &[(&str, &str)]) -> String {
    let mut request = http::Request::get("/");
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::empty()).unwrap();
    run(async { text(send(app.run_fn(describe), request).await).await })
}

/// Says what the request has: the version of TLS, the last byte of each certificate, and the names of fields that are
/// left of those that may tell of one.
async fn describe(request: Request) -> String {
    let mut facts = match request.feature::<TlsInfo>() {
        None => vec!["-".to_owned()],
        Some(tls) => {
            let version = tls.version().map_or("?".into(), |it| it.to_string());
            let certificates = tls.client_certificates().iter();
            let last = certificates.map(|der| der.last().unwrap().to_string());
            [version].into_iter().chain(last).collect()
        }
    };
    let left = request.headers().keys().map(http::HeaderName::as_str);
    facts.extend(left.filter(|name| name.contains("cert")).map(str::to_owned));
    facts.join(" ")
}
