//! What an event says of the client and its connection to the front.

use std::net::IpAddr;

use http::HeaderMap;
use transom::adapter::pem_certificates;
use transom::features::{Scheme, TlsInfo};

use super::json::Object;
use super::shape::{Event, Form};
use crate::EventSource;
use crate::runtime_api::Problem;

pub(super) fn read(
    event: &Event<'_>,
    headers: &HeaderMap,
) -> Result<(Option<IpAddr>, Scheme, Option<TlsInfo>), Problem> {
    let tls = tls(event, headers)?;
    let scheme = match last(headers, "x-forwarded-proto") {
        Some(scheme) if scheme.eq_ignore_ascii_case("http") => Scheme::Http,
        None if !event.is_from_aws() => Scheme::Http,
        // A load balancer always says which; the others speak nothing else.
        None if event.source == EventSource::LoadBalancer => Scheme::Http,
        _ => Scheme::Https,
    };
    let scheme = if tls.is_some() { Scheme::Https } else { scheme };
    Ok((remote(event, headers)?, scheme, tls))
}

fn remote(event: &Event<'_>, headers: &HeaderMap) -> Result<Option<IpAddr>, Problem> {
    let told = match event.form {
        Form::Two => within(&event.context, "http")?.get("sourceIp").text()?,
        Form::One => within(&event.context, "identity")?.get("sourceIp").text()?,
        // The last is what the load balancer saw, and what is before it what it was told.
        Form::LoadBalancer { .. } => {
            return Ok(last(headers, "x-forwarded-for").and_then(|text| text.parse().ok()));
        }
    };
    Ok(told.and_then(|text| text.parse().ok()))
}

fn tls(event: &Event<'_>, headers: &HeaderMap) -> Result<Option<TlsInfo>, Problem> {
    let identity = match event.form {
        Form::Two => within(&event.context, "authentication")?,
        Form::One => within(&event.context, "identity")?,
        Form::LoadBalancer { .. } => return Ok(None),
    };
    let certificate = within(&identity, "clientCert")?;
    let certificates = match certificate.get("clientCertPem").text()? {
        Some(pem) => pem_certificates(pem.as_bytes()).unwrap_or_default(),
        None => Vec::new(),
    };
    let told = match event.source {
        // A function URL sets them itself. Of other fronts they would be the client's own words.
        EventSource::FunctionUrl => last(headers, "x-amzn-tls-version"),
        _ => None,
    };
    let mut tls = match told.and_then(|version| version.parse().ok()) {
        Some(version) => TlsInfo::new(version),
        // API Gateway does not tell.
        None if !certificates.is_empty() => TlsInfo::forwarded(),
        None => return Ok(None),
    }
    .with_client_certificates(certificates);
    // Those of TLS 1.2 have the names that OpenSSL gives them.
    if let Some(cipher) = last(headers, "x-amzn-tls-cipher-suite")
        && told.is_some()
        && cipher.starts_with("TLS_")
    {
        tls = tls.with_cipher_suite(cipher.to_owned());
    }
    Ok(Some(tls))
}

fn within<'e>(object: &Object<'e>, name: &'static str) -> Result<Object<'e>, Problem> {
    Ok(object.get(name).object()?.unwrap_or_default())
}

/// Returns the last element of a field that is a list.
fn last<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let value = headers.get_all(name).iter().next_back()?;
    let last = value.to_str().ok()?.rsplit(',').next()?.trim();
    (!last.is_empty()).then_some(last)
}
