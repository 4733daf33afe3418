use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, SystemTime};

use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, StatusCode, Uri, Version, header};
use transom::RequestExt;
use transom::features::{
    ConnectionInfo, Endpoint, OriginalTarget, RequestIdentifier, Scheme, ServerVariables,
};

use super::outcome::Outcome;
use super::query::{MASK, Query};
use super::{LoggedUser, Shared};

/// What is known of a request at its head.
#[derive(Debug)]
pub(super) struct Head {
    client: Option<Endpoint>,
    server: Option<SocketAddr>,
    pub(super) method: Method,
    target: Uri,
    version: Version,
    scheme: Option<Scheme>,
    /// Those that the format has in it.
    fields: Vec<(HeaderName, HeaderValue)>,
    identifier: Option<RequestIdentifier>,
    remote_user: Option<LoggedUser>,
}

impl Head {
    pub(super) fn of(request: &Parts, shared: &Shared) -> Self {
        let connection = request.feature::<ConnectionInfo>();
        let target = request.feature::<OriginalTarget>();
        let mut fields = Vec::with_capacity(shared.fields.len());
        for name in &shared.fields {
            let values = request.headers.get_all(name).iter();
            fields.extend(values.map(|value| (name.clone(), value.clone())));
        }
        Self {
            client: connection.and_then(ConnectionInfo::remote).cloned(),
            server: connection
                .and_then(ConnectionInfo::local)
                .and_then(Endpoint::socket_addr),
            method: request.method.clone(),
            target: target.map_or(&request.uri, OriginalTarget::uri).clone(),
            version: request.version,
            scheme: request.feature::<Scheme>().copied(),
            fields,
            identifier: request.feature::<RequestIdentifier>().cloned(),
            remote_user: request
                .feature::<ServerVariables>()
                .and_then(|variables| variables.text("REMOTE_USER"))
                .filter(|user| !user.is_empty())
                .map(LoggedUser::new),
        }
    }
}

/// A request that is over, as the formats write it.
#[derive(Debug)]
pub(super) struct Record<'a> {
    pub(super) head: &'a Head,
    pub(super) query: &'a Query,
    /// When the request came.
    pub(super) time: SystemTime,
    pub(super) duration: Duration,
    pub(super) status: StatusCode,
    pub(super) bytes: u64,
    pub(super) outcome: Outcome,
    pub(super) user: Option<&'a LoggedUser>,
}

impl Record<'_> {
    pub(super) fn client_ip(&self) -> Option<IpAddr> {
        let ip = self.head.client.as_ref().and_then(Endpoint::ip)?;
        Some(ip.to_canonical())
    }

    /// Port 0 is that of nobody: a proxy that did not say.
    pub(super) fn client_port(&self) -> Option<u16> {
        let address = self.head.client.as_ref().and_then(Endpoint::socket_addr)?;
        Some(address.port()).filter(|port| *port != 0)
    }

    pub(super) fn server_ip(&self) -> Option<IpAddr> {
        Some(self.head.server?.ip().to_canonical())
    }

    pub(super) fn server_port(&self) -> Option<u16> {
        Some(self.head.server?.port())
    }

    pub(super) fn user(&self) -> Option<&str> {
        let user = self.user.or(self.head.remote_user.as_ref());
        user.map(LoggedUser::as_str)
    }

    pub(super) fn method(&self) -> &str {
        self.head.method.as_str()
    }

    /// The target as the request line had it; of HTTP/2 and later, which have none, `:path`.
    pub(super) fn target(&self) -> Vec<u8> {
        let Head {
            target, version, ..
        } = self.head;
        let path = target.path_and_query();
        let text = match path.filter(|_| *version >= Version::HTTP_2) {
            Some(path) => path.to_string(),
            None => target.to_string(),
        };
        self.query.of(text.as_bytes()).into_owned()
    }

    pub(super) fn protocol(&self) -> String {
        format!("{:?}", self.head.version)
    }

    pub(super) fn scheme(&self) -> Option<&str> {
        let known = self.head.scheme.map(Scheme::as_str);
        known.or_else(|| self.head.target.scheme_str())
    }

    pub(super) fn host(&self) -> Option<Cow<'_, [u8]>> {
        let authority = || Some(self.head.target.authority()?.as_str().as_bytes().into());
        self.field(&header::HOST).or_else(authority)
    }

    pub(super) fn referer(&self) -> Option<Cow<'_, [u8]>> {
        let referer = self.field(&header::REFERER)?;
        Some(self.query.of(&referer).into_owned().into())
    }

    /// A field of the request; of several, all, with commas between them.
    pub(super) fn field(&self, name: &HeaderName) -> Option<Cow<'_, [u8]>> {
        let values = self.head.fields.iter().filter(|(other, _)| other == name);
        let mut shown = values.map(|(_, value)| match value.is_sensitive() {
            true => MASK.as_bytes(),
            false => value.as_bytes(),
        });
        let first = shown.next()?;
        Some(shown.fold(first.into(), |all, next| {
            Cow::Owned([&all[..], b", ", next].concat())
        }))
    }

    pub(super) fn identifier(&self) -> Option<String> {
        self.head.identifier.as_ref().map(ToString::to_string)
    }

    pub(super) fn milliseconds(&self) -> f64 {
        // What is beyond 2^53 µs is not exact, and 285 years.
        self.duration.as_micros() as f64 / 1e3
    }
}
