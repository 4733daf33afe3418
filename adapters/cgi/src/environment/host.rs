use http::HeaderValue;
use transom::features::{Scheme, ServerVariables};

/// Returns the `Host` of a request whose client sent none, as the gateway names itself.
pub(super) fn host(variables: &ServerVariables, scheme: Scheme) -> Option<HeaderValue> {
    let name = variables
        .text("SERVER_NAME")
        .filter(|name| !name.is_empty())?;
    let bare_v6 = !name.starts_with('[') && name.matches(':').count() > 1;
    let host = match bare_v6 {
        true => format!("[{name}]"),
        false => name.to_owned(),
    };
    // HAProxy's name of a server has the port already.
    let has_port = host
        .rsplit_once(':')
        .is_some_and(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    let port = variables
        .text("SERVER_PORT")
        .and_then(|port| port.parse::<u16>().ok())
        .filter(|port| !has_port && *port != scheme.default_port());
    let host = match port {
        Some(port) => format!("{host}:{port}"),
        None => host,
    };
    HeaderValue::from_str(&host).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_there_unless_it_is_the_usual_one() {
        for (name, port, scheme, expected) in [
            ("a.test", "80", Scheme::Http, Some("a.test")),
            ("a.test", "8080", Scheme::Http, Some("a.test:8080")),
            ("a.test", "443", Scheme::Https, Some("a.test")),
            ("a.test:81", "81", Scheme::Http, Some("a.test:81")),
            ("::1", "80", Scheme::Http, Some("[::1]")),
            ("::1", "81", Scheme::Http, Some("[::1]:81")),
            ("[::1]", "81", Scheme::Http, Some("[::1]:81")),
            ("a.test", "", Scheme::Http, Some("a.test")),
            ("", "80", Scheme::Http, None),
        ] {
            let variables = [("SERVER_NAME", name), ("SERVER_PORT", port)];
            let host = host(&variables.into_iter().collect(), scheme);
            assert_eq!(
                host.as_ref().and_then(|host| host.to_str().ok()),
                expected,
                "{name} {port}"
            );
        }
    }
}
