use http::{Method, Version};
use transom::features::{Scheme, ServerVariables};

use super::Refusal;

/// Returns the method.
pub(super) fn method(variables: &ServerVariables) -> Result<Method, Refusal> {
    let Some(method) = variables.get("REQUEST_METHOD") else {
        return Err(Refusal::malformed("there is no `REQUEST_METHOD`"));
    };
    Method::from_bytes(method).map_err(|_| Refusal::malformed("`REQUEST_METHOD` is not a method"))
}

/// Returns the version that the client spoke; HTTP/1.1 where the gateway does not tell.
pub(super) fn version(variables: &ServerVariables) -> Version {
    match variables.text("SERVER_PROTOCOL") {
        Some("HTTP/0.9") => Version::HTTP_09,
        Some("HTTP/1.0") => Version::HTTP_10,
        Some("HTTP/2" | "HTTP/2.0") => Version::HTTP_2,
        Some("HTTP/3" | "HTTP/3.0") => Version::HTTP_3,
        _ => Version::HTTP_11,
    }
}

/// Returns the scheme that the client used.
pub(super) fn scheme(variables: &ServerVariables) -> Scheme {
    let secure = match variables.text("HTTPS") {
        // nginx has an empty one for cleartext, IIS an `off`.
        Some(https) => !https.is_empty() && !https.eq_ignore_ascii_case("off") && https != "0",
        None => variables
            .text("REQUEST_SCHEME")
            .is_some_and(|scheme| scheme.eq_ignore_ascii_case("https")),
    };
    match secure {
        true => Scheme::Https,
        false => Scheme::Http,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheme_is_said_in_several_ways() {
        for (variable, expected) in [
            (("HTTPS", "on"), Scheme::Https),
            (("HTTPS", "1"), Scheme::Https),
            (("HTTPS", "off"), Scheme::Http),
            (("HTTPS", ""), Scheme::Http),
            (("REQUEST_SCHEME", "https"), Scheme::Https),
            (("REQUEST_SCHEME", "http"), Scheme::Http),
            (("SERVER_PORT", "443"), Scheme::Http),
        ] {
            let variables = [variable].into_iter().collect();
            assert_eq!(scheme(&variables), expected, "{variable:?}");
        }
    }

    #[test]
    fn a_method_is_a_token() {
        let of = |name| method(&[("REQUEST_METHOD", name)].into_iter().collect());
        assert_eq!(of("GET"), Ok(Method::GET));
        assert!(of("PURGE").is_ok());
        assert!(of("").is_err() && of("A B").is_err());
        assert!(method(&ServerVariables::default()).is_err());
    }
}
