use std::fmt;

/// A rule of the contract that a [`Lint`](super::Lint) checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    id: &'static str,
    side: Side,
    must: bool,
    says: &'static str,
}

/// Whose rule it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Side {
    /// What a server, and the middleware before the lint, hands over.
    Server,
    /// What an application, and the middleware behind the lint, returns.
    Application,
    /// Each for the bodies that it makes.
    Both,
}

impl Rule {
    const fn new(side: Side, id: &'static str, says: &'static str) -> Self {
        Self {
            id,
            side,
            must: true,
            says,
        }
    }

    const fn advice(self) -> Self {
        Self {
            must: false,
            ..self
        }
    }

    /// Returns the name, as `L-RES-CL`.
    pub fn id(&self) -> &'static str {
        self.id
    }

    /// Returns whose rule it is.
    pub fn side(&self) -> Side {
        self.side
    }

    /// Returns whether breaking it is an error, and not merely unwise.
    pub fn is_must(&self) -> bool {
        self.must
    }

    /// Returns the rule, as sentences.
    pub fn says(&self) -> &'static str {
        self.says
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Server => "server",
            Self::Application => "application",
            Self::Both => "both",
        })
    }
}

macro_rules! rules {
    ($($name:ident = $side:ident $id:literal $(($advice:ident))?: $says:literal,)*) => {
        impl Rule {
            $(pub(super) const $name: &'static Self = &Self::new(Side::$side, $id, $says)$(.$advice())?;)*

            /// Every rule, the server's first.
            pub const ALL: &'static [&'static Self] = &[$(Self::$name,)*];
        }
    };
}

rules! {
    REQ_URI = Server "L-REQ-URI": "The URI of a request is the path and query alone; `*` for `OPTIONS *`; the authority for CONNECT without `ExtendedConnect`.",
    REQ_HOST = Server "L-REQ-HOST": "A request of HTTP/1.1 has one `Host` field, one of a later version at most one, and it holds no user information.",
    REQ_FEATURES = Server "L-REQ-FEATURES": "A request carries at least `ServerInfo`, `ServerLifetime`, `ConnectionInfo`, `Scheme`, `RequestLifetime`, `RequestIdentifier`, `MaxRequestBodySize` and `OriginalTarget`.",
    REQ_ID = Server "L-REQ-ID": "No two requests have the same `RequestIdentifier`.",
    REQ_BASE = Server "L-REQ-BASE": "`PathBase` and the path of the URI together are the path of `OriginalTarget`.",
    REQ_ENDS = Server "L-REQ-ENDS": "An end of a connection that is not known is absent from `ConnectionInfo`, never an unspecified address or port 0.",
    REQ_CL = Server "L-REQ-CL": "A request has at most one `Content-Length`, which is the number of bytes of its body; none if its body came chunked.",
    FEAT_LATE = Server "L-FEAT-LATE": "`MaxRequestBodySize` refuses to change once the body is being read.",
    BODY_HINT = Both "L-BODY-HINT": "A body yields as many bytes as its exact `size_hint` says, and none after `is_end_stream`.",
    BODY_ORDER = Both "L-BODY-ORDER": "Trailers come at most once, and no data after them.",
    RES_STATUS = Application "L-RES-STATUS": "The status of a response is 200 to 599, or 101.",
    RES_101 = Application "L-RES-101": "A response is 101 only if the application accepted an upgrade, and has the fields `Upgrade` and `Connection: upgrade`.",
    RES_CL = Application "L-RES-CL": "`Content-Length`, if an application sets it, is one number, that of the bytes of the body.",
    RES_NOBODY = Application "L-RES-NOBODY": "A 204, 205 or 304 has no body; a 204 has no `Content-Length`, and a 205 none but 0.",
    RES_TE = Application "L-RES-TE": "An application sets none of the fields that belong to a connection (`Connection`, `Keep-Alive`, `Proxy-Connection`, `TE`, `Transfer-Encoding`, `Upgrade`) but for `Upgrade` and `Connection: upgrade` on a 101 or 426.",
    RES_HDRVAL = Application "L-RES-HDRVAL": "No value of a field begins or ends with a blank: a peer would take it off.",
    RES_TRAILERS = Application "L-RES-TRAILERS": "Trailers hold no field of framing, routing or authentication, and none that says how to read the body.",
    RES_CTYPE = Application "L-RES-CTYPE" (advice): "A response with a body should have a `Content-Type`.",
    RES_VALIDATOR = Application "L-RES-VALIDATOR" (advice): "A 304 should have the `ETag` or `Last-Modified` that a 200 would have had.",
}
