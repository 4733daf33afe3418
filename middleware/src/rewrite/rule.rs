use http::{Method, StatusCode};
use transom::features::Scheme;

/// One rule: what it is for, and what becomes of that. [`RewriteLayer::new`](super::RewriteLayer::new) tells whether it is valid.
#[derive(Clone, Debug)]
pub struct Rule {
    pub(super) path: Option<String>,
    pub(super) host: Option<String>,
    pub(super) query: Option<String>,
    pub(super) scheme: Option<Scheme>,
    pub(super) methods: Vec<Method>,
    pub(super) action: Action,
    pub(super) last: bool,
}

#[derive(Clone, Debug)]
pub(super) enum Action {
    Rewrite(String),
    Redirect(Destination, StatusCode),
}

#[derive(Clone, Debug)]
pub(super) enum Destination {
    To(String),
    Https(u16),
    Www,
    NonWww,
}

impl Rule {
    /// Replaces the path of requests whose path matches `pattern`, a regular expression, by `replacement`.
    #[doc(alias = "AddRewrite")]
    pub fn rewrite(pattern: impl Into<String>, replacement: impl Into<String>) -> Self {
        let action = Action::Rewrite(replacement.into());
        Self::new(Some(pattern.into()), action)
    }

    /// Answers requests whose path matches `pattern` with a redirection to `replacement`, a path or the URL of
    /// another host. 302 unless [said otherwise](Self::with_status).
    #[doc(alias = "AddRedirect")]
    pub fn redirect(pattern: impl Into<String>, replacement: impl Into<String>) -> Self {
        let to = Destination::To(replacement.into());
        let action = Action::Redirect(to, StatusCode::FOUND);
        Self::new(Some(pattern.into()), action)
    }

    /// Sends requests over `http` to the same place over `https`, at port 443, with 307.
    /// [`https_redirection`](crate::https_redirection) finds the port itself.
    #[doc(alias = "AddRedirectToHttps")]
    pub fn redirect_to_https() -> Self {
        Self::redirect_to_https_port(443)
    }

    /// As [`redirect_to_https`](Self::redirect_to_https), at another port.
    pub fn redirect_to_https_port(port: u16) -> Self {
        let action = Action::Redirect(Destination::Https(port), StatusCode::TEMPORARY_REDIRECT);
        Self::new(None, action)
    }

    /// Sends requests for a host whose name does not begin with `www.` to the one that does, with 307. Addresses and
    /// `localhost` stay what they are.
    #[doc(alias = "AddRedirectToWww")]
    pub fn redirect_to_www() -> Self {
        let action = Action::Redirect(Destination::Www, StatusCode::TEMPORARY_REDIRECT);
        Self::new(None, action)
    }

    /// Sends requests for a host whose name begins with `www.` to the one without, with 307.
    #[doc(alias = "AddRedirectToNonWww")]
    pub fn redirect_to_non_www() -> Self {
        let action = Action::Redirect(Destination::NonWww, StatusCode::TEMPORARY_REDIRECT);
        Self::new(None, action)
    }

    pub(super) fn new(path: Option<String>, action: Action) -> Self {
        Self {
            path,
            host: None,
            query: None,
            scheme: None,
            methods: Vec::new(),
            action,
            last: false,
        }
    }

    /// Sets the status of a redirection: 301, 302, 303, 307 or 308. A rewrite has none.
    #[must_use]
    pub fn with_status(mut self, status: StatusCode) -> Self {
        if let Action::Redirect(_, own) = &mut self.action {
            *own = status;
        }
        self
    }

    /// Ends the rules for a request that this one has rewritten. A redirection always does.
    #[doc(alias = "skipRemainingRules")]
    #[must_use]
    pub fn with_last(self, last: bool) -> Self {
        Self { last, ..self }
    }

    /// Makes the rule one for hosts that match a regular expression: the name in lower case, without the port.
    #[must_use]
    pub fn with_host(self, pattern: impl Into<String>) -> Self {
        let host = Some(pattern.into());
        Self { host, ..self }
    }

    /// Makes the rule one for queries that match a regular expression: as they are written, without the `?`; an absent one is
    /// empty.
    #[must_use]
    pub fn with_query(self, pattern: impl Into<String>) -> Self {
        let query = Some(pattern.into());
        Self { query, ..self }
    }

    /// Makes the rule one for a scheme.
    #[must_use]
    pub fn with_scheme(self, scheme: Scheme) -> Self {
        let scheme = Some(scheme);
        Self { scheme, ..self }
    }

    /// Makes the rule one for certain methods.
    #[must_use]
    pub fn with_methods(self, methods: impl IntoIterator<Item = Method>) -> Self {
        let methods = methods.into_iter().collect();
        Self { methods, ..self }
    }
}
