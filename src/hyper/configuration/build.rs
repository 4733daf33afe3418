//! Endpoints from what a file says of them.

use std::time::Duration;

use super::endpoint::EndpointValues;
use crate::contract::Error;
use crate::hyper::options::Endpoint;

/// Returns the endpoint, whose certificates are read, and looked at again so often. `None` for one without an
/// address.
///
/// # Errors
///
/// [`Error::is_configuration`] if a certificate is wrong.
#[cfg_attr(not(feature = "tls"), allow(unused_variables))]
pub(super) fn endpoint(
    name: &str,
    values: &EndpointValues,
    reload: Option<Duration>,
) -> Result<Option<Endpoint>, Error> {
    let Some(url) = &values.url else {
        return Ok(None);
    };
    let mut endpoint = Endpoint::new(url.to_string())
        .with_name(name)
        .with_socket_options(values.socket.clone());
    if let Some(protocols) = values.protocols {
        endpoint = endpoint.with_protocols(protocols);
    }
    if let Some(proxy) = &values.proxy_protocol {
        endpoint = endpoint.with_proxy_protocol(proxy.proxy_protocol());
    }
    if let Some(no_delay) = values.no_delay {
        endpoint = endpoint.with_no_delay(no_delay);
    }
    if values.alt_svc == Some(false) {
        endpoint = endpoint.without_alt_svc();
    }
    #[cfg(feature = "tls")]
    if values.is_of_tls()
        && let Some(tls) = super::secure::tls(values)
    {
        let tls = tls.with_reload_interval(reload);
        tls.load().map_err(|error| {
            Error::configuration(format!("the endpoint `{name}`: {}", error.report()))
        })?;
        endpoint = endpoint.with_tls(tls);
    }
    Ok(Some(endpoint))
}
