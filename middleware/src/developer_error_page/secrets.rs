use http::{HeaderName, HeaderValue};

/// Which values are not shown.
#[derive(Clone, Debug, Default)]
pub(super) struct Secrets {
    /// In lower case.
    added: Vec<String>,
}

/// What names of secrets have in them ...
const PARTS: [&str; 15] = [
    "api-key",
    "api_key",
    "apikey",
    "assertion",
    "authorization",
    "client-cert",
    "cookie",
    "credential",
    "jwt",
    "passw",
    "secret",
    "session",
    "signature",
    "ssl-client",
    "token",
];

/// ... and what they are, where that in a longer name would mean nothing.
const WHOLE: [&str; 7] = ["auth", "code", "key", "pass", "pwd", "sid", "sig"];

impl Secrets {
    pub(super) fn add(&mut self, part: &str) {
        self.added.push(part.to_ascii_lowercase());
    }

    /// Returns a field of the head as it may be shown; `None` for a secret.
    pub(super) fn field(&self, name: &HeaderName, value: &HeaderValue) -> Option<String> {
        let secret = value.is_sensitive() || self.is_secret(name.as_str());
        (!secret).then(|| String::from_utf8_lossy(value.as_bytes()).into_owned())
    }

    pub(super) fn is_secret(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        let added = self.added.iter().map(String::as_str);
        WHOLE.contains(&&*name)
            || PARTS
                .into_iter()
                .chain(added)
                .any(|part| name.contains(part))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_known_by_its_name() {
        let mut secrets = Secrets::default();
        for name in [
            "authorization",
            "Proxy-Authorization",
            "cookie",
            "X-Api-Key",
            "apiKey",
            "access_token",
            "X-CSRF-Token",
            "password",
            "client_secret",
            "x-forwarded-client-cert",
            "PHPSESSID_session",
            "code",
            "X-Amz-Signature",
            "key",
        ] {
            assert!(secrets.is_secret(name), "{name}");
        }
        for name in [
            "accept",
            "host",
            "postcode",
            "sec-websocket-key",
            "x-tenant",
            "q",
        ] {
            assert!(!secrets.is_secret(name), "{name}");
        }
        secrets.add("Tenant");
        assert!(secrets.is_secret("x-tenant"));
    }
}
