/// By which schemes the kernel authenticates clients; none at first.
///
/// A response of 401 then carries a challenge for each, unless the application has set `WWW-Authenticate` itself, and
/// the kernel shakes hands. Who the client is tells the feature `WindowsUser`.
///
/// ```
/// use transom_http_sys::Authentication;
///
/// let intranet = Authentication::new().with_negotiate().without_anonymous();
/// assert_ne!(intranet, Authentication::new());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[doc(alias = "AuthenticationManager")]
pub struct Authentication {
    pub(crate) basic: bool,
    pub(crate) ntlm: bool,
    pub(crate) negotiate: bool,
    pub(crate) kerberos: bool,
    pub(crate) required: bool,
    pub(crate) caches_kerberos: bool,
    pub(crate) captures_credentials: bool,
}

impl Authentication {
    /// Returns none of them.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds Basic: the client sends name and password with each request, readable for everybody unless it is over
    /// TLS.
    #[must_use]
    pub fn with_basic(self) -> Self {
        Self {
            basic: true,
            ..self
        }
    }

    /// Adds NTLM.
    #[must_use]
    pub fn with_ntlm(self) -> Self {
        Self { ntlm: true, ..self }
    }

    /// Adds Negotiate: Kerberos if client and server can, or else NTLM.
    #[must_use]
    pub fn with_negotiate(self) -> Self {
        Self {
            negotiate: true,
            ..self
        }
    }

    /// Adds Kerberos.
    #[must_use]
    pub fn with_kerberos(self) -> Self {
        Self {
            kerberos: true,
            ..self
        }
    }

    /// Keeps who a client is by Kerberos for the connection: its further requests need no ticket. Kerberos or Negotiate has
    /// to be there.
    ///
    /// ```
    /// use transom_http_sys::Authentication;
    ///
    /// let cached = Authentication::new().with_kerberos().with_kerberos_credential_caching();
    /// assert_ne!(cached, Authentication::new().with_kerberos());
    /// ```
    #[doc(alias = "EnableKerberosCredentialCaching")]
    #[must_use]
    pub fn with_kerberos_credential_caching(self) -> Self {
        Self {
            caches_kerberos: true,
            ..self
        }
    }

    /// Checks tickets with the credentials of the account that calls `bind`, and not with those of the machine. Kerberos
    /// or Negotiate has to be there.
    ///
    /// ```
    /// use transom_http_sys::Authentication;
    ///
    /// let own = Authentication::new().with_negotiate().with_captured_credentials();
    /// assert_ne!(own, Authentication::new().with_negotiate());
    /// ```
    #[doc(alias = "CaptureCredentials")]
    #[must_use]
    pub fn with_captured_credentials(self) -> Self {
        Self {
            captures_credentials: true,
            ..self
        }
    }

    /// Answers 401 to clients that are not authenticated, before the application sees them.
    #[doc(alias = "AllowAnonymous")]
    #[must_use]
    pub fn without_anonymous(self) -> Self {
        Self {
            required: true,
            ..self
        }
    }

    /// Returns the challenges of a 401, the strongest first.
    #[cfg(any(windows, test))]
    pub(crate) fn challenges(self) -> impl Iterator<Item = &'static str> {
        [
            (self.kerberos, "Kerberos"),
            (self.negotiate, "Negotiate"),
            (self.ntlm, "NTLM"),
            (self.basic, "Basic"),
        ]
        .into_iter()
        .filter_map(|(asked, scheme)| asked.then_some(scheme))
    }

    #[cfg(any(windows, test))]
    pub(crate) fn check(self) -> Result<(), String> {
        let takes_tickets = self.kerberos || self.negotiate;
        for (asked, what) in [
            (self.caches_kerberos, "cached Kerberos credentials"),
            (self.captures_credentials, "captured credentials"),
        ] {
            if asked && !takes_tickets {
                return Err(format!("{what} need `with_kerberos` or `with_negotiate`"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strongest_challenge_comes_first() {
        let all = Authentication::new()
            .with_basic()
            .with_ntlm()
            .with_negotiate()
            .with_kerberos();
        let challenges: Vec<_> = all.challenges().collect();
        assert_eq!(challenges, ["Kerberos", "Negotiate", "NTLM", "Basic"]);
        assert_eq!(Authentication::new().challenges().count(), 0);
    }

    #[test]
    fn what_is_about_tickets_needs_a_scheme_that_has_them() {
        let [none, basic, kerberos, negotiate] = [
            Authentication::new(),
            Authentication::new().with_basic().with_ntlm(),
            Authentication::new().with_kerberos(),
            Authentication::new().with_negotiate(),
        ];
        for with in [
            Authentication::with_kerberos_credential_caching,
            Authentication::with_captured_credentials,
        ] {
            for without in [none, basic] {
                let error = with(without).check().unwrap_err();
                assert!(
                    error.ends_with("need `with_kerberos` or `with_negotiate`"),
                    "{error}"
                );
                assert_eq!(without.check(), Ok(()));
            }
            assert_eq!(with(kerberos).check(), Ok(()));
            assert_eq!(with(negotiate).check(), Ok(()));
        }
    }
}
