use std::fmt;
use std::io;

use transom::features::Feature;

use super::sys::Token;

/// As whom the kernel has authenticated the client of a request; absent where it has not.
///
/// See [`HttpSysServer::with_authentication`](crate::HttpSysServer::with_authentication).
#[doc(alias = "IHttpAuthenticationFeature")]
pub struct WindowsUser {
    token: Token,
    scheme: &'static str,
}

impl WindowsUser {
    pub(super) fn new(token: Token, kind: i32) -> Self {
        use windows_sys::Win32::Networking::HttpServer as api;
        let scheme = match kind {
            api::HttpRequestAuthTypeBasic => "Basic",
            api::HttpRequestAuthTypeDigest => "Digest",
            api::HttpRequestAuthTypeNTLM => "NTLM",
            api::HttpRequestAuthTypeNegotiate => "Negotiate",
            api::HttpRequestAuthTypeKerberos => "Kerberos",
            _ => "",
        };
        Self { token, scheme }
    }

    /// Returns the name of the account: domain, backslash, user. It may ask a domain controller, and blocks until
    /// that has answered.
    ///
    /// # Errors
    ///
    /// The account cannot be looked up.
    pub fn account(&self) -> io::Result<String> {
        self.token.account()
    }

    /// Returns the scheme by which the client has authenticated itself, such as `Negotiate`.
    pub fn scheme(&self) -> &'static str {
        self.scheme
    }
}

impl fmt::Debug for WindowsUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WindowsUser")
            .field("scheme", &self.scheme)
            .finish_non_exhaustive()
    }
}

impl Feature for WindowsUser {
    const NAME: &'static str = "request.windows_user";
}
