use std::fmt;
use std::sync::Arc;

use subtle::ConstantTimeEq;

/// What a web server has to know. It is not printed.
#[derive(Clone)]
pub(super) struct Secret(Arc<str>);

impl Secret {
    pub(super) fn new(secret: &str) -> Self {
        Self(secret.into())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns whether this is it. How long that takes tells nothing but its length.
    pub(super) fn is(&self, told: &[u8]) -> bool {
        self.0.as_bytes().ct_eq(told).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_the_same_bytes_and_is_not_printed() {
        let secret = Secret::new("open sesame");
        assert!(secret.is(b"open sesame"));
        for wrong in [
            &b"open sesam"[..],
            b"open sesamf",
            b"open sesame ",
            b"OPEN SESAME",
            b"",
        ] {
            assert!(!secret.is(wrong), "{}", wrong.escape_ascii());
        }
        assert_eq!(format!("{secret:?}"), "Secret");
    }
}
