use std::any::type_name;
use std::net::IpAddr;
use std::sync::{Arc, PoisonError};

use http::uri::PathAndQuery;
use http::{HeaderMap, StatusCode, Uri, request, response};
use transom::features::{
    ConnectionInfo, Endpoint, PathBase, RequestIdentifier, RequestLifetime, Scheme,
};
use transom::{Body, Feature, RequestExt};

use super::opaque::Accepted;
use super::pipe::Pipe;
use super::properties::Value;
use super::{EnvironmentError, OnSendingHeaders, ResponseBody, parse, path};

/// A request and its response, which an environment is a view of.
pub(super) struct View {
    pub(super) head: request::Parts,
    pub(super) body: Option<Body>,
    pub(super) response: response::Parts,
    pub(super) pipe: Arc<Pipe>,
    /// The functions that are called before the head is sent are being called.
    pub(super) sending: bool,
    pub(super) on_sending_headers: OnSendingHeaders,
    pub(super) accepted: Accepted,
    /// What stands in the place of the pipe.
    replaced: Option<ResponseBody>,
    /// Keys that are no longer those of the view.
    pub(super) dropped: Vec<&'static str>,
}

impl View {
    pub(super) fn new(head: request::Parts, body: Body) -> Self {
        let (response, ()) = http::Response::new(()).into_parts();
        Self {
            head,
            body: Some(body),
            response,
            pipe: Arc::default(),
            sending: false,
            on_sending_headers: OnSendingHeaders::new(),
            accepted: Accepted::default(),
            replaced: None,
            dropped: Vec::new(),
        }
    }

    /// Drops what may hold the environment that holds this.
    pub(super) fn release(&mut self) -> impl Sized + use<> {
        (self.replaced.take(), self.body.take())
    }

    pub(super) fn is_frozen(&self) -> bool {
        self.pipe.is_started() && !self.sending
    }

    pub(super) fn response_body(&self) -> ResponseBody {
        let replaced = self.replaced.clone();
        replaced.unwrap_or_else(|| ResponseBody::of(Arc::clone(&self.pipe)))
    }

    pub(super) fn replace_response_body(
        &mut self,
        given: Given<'_>,
    ) -> Result<(), EnvironmentError> {
        self.replaced = Some(given.of_type()?);
        Ok(())
    }

    pub(super) fn status(&self) -> StatusCode {
        let status = self.response.status;
        let accepted = self.accepted.lock().unwrap_or_else(PoisonError::into_inner);
        match accepted.is_some() && status == StatusCode::OK {
            true => StatusCode::SWITCHING_PROTOCOLS,
            false => status,
        }
    }

    pub(super) fn set_status(&mut self, given: Given<'_>) -> Result<(), EnvironmentError> {
        let key = self.unless_frozen(&given)?;
        // 100 is the server's to send.
        let status = StatusCode::from_u16(given.of_type()?).ok();
        let status = status.filter(|status| *status != StatusCode::CONTINUE);
        let status =
            status.ok_or_else(|| EnvironmentError::invalid(key, "it is no status of a response"));
        self.response.status = status?;
        Ok(())
    }

    pub(super) fn set_response_headers(
        &mut self,
        given: Given<'_>,
    ) -> Result<(), EnvironmentError> {
        self.unless_frozen(&given)?;
        self.response.headers = given.of_type()?;
        Ok(())
    }

    fn unless_frozen<'k>(&self, given: &Given<'k>) -> Result<&'k str, EnvironmentError> {
        match self.is_frozen() {
            true => Err(EnvironmentError::frozen(given.key)),
            false => Ok(given.key),
        }
    }

    pub(super) fn set_method(&mut self, given: Given<'_>) -> Result<(), EnvironmentError> {
        self.head.method = parse::method(given.key, &given.of_type::<String>()?)?;
        Ok(())
    }

    pub(super) fn set_request_headers(&mut self, given: Given<'_>) -> Result<(), EnvironmentError> {
        self.head.headers = given.of_type::<HeaderMap>()?;
        Ok(())
    }

    pub(super) fn set_body(&mut self, given: Given<'_>) -> Result<(), EnvironmentError> {
        self.body = Some(given.of_type()?);
        Ok(())
    }

    pub(super) fn set_protocol(&mut self, given: Given<'_>) -> Result<(), EnvironmentError> {
        self.head.version = parse::version(given.key, &given.of_type::<String>()?)?;
        Ok(())
    }

    pub(super) fn set_scheme(&mut self, given: Given<'_>) -> Result<(), EnvironmentError> {
        let scheme = parse::scheme(given.key, &given.of_type::<String>()?)?;
        self.insert(scheme);
        Ok(())
    }

    /// The path that is seen; that of `*` and of an authority alone is empty.
    pub(super) fn path(&self) -> String {
        let path = self.head.uri.path();
        path::decode(if path.starts_with('/') { path } else { "" })
    }

    pub(super) fn set_path(&mut self, given: Given<'_>) -> Result<(), EnvironmentError> {
        let query = self.head.uri.query().unwrap_or_default().to_owned();
        let key = given.key;
        let path = given.of_type::<String>()?;
        self.replace_target(parse::target(key, &path, &query)?);
        Ok(())
    }

    pub(super) fn set_query(&mut self, given: Given<'_>) -> Result<(), EnvironmentError> {
        let key = given.key;
        let query = given.of_type::<String>()?;
        let path = self.head.uri.path();
        let path = if path.starts_with('/') { path } else { "/" };
        let target = parse::joined(key, path, &query)?;
        self.replace_target(target);
        Ok(())
    }

    /// The scheme and the authority stay, where a URI has them.
    fn replace_target(&mut self, target: PathAndQuery) {
        let mut parts = std::mem::take(&mut self.head.uri).into_parts();
        parts.path_and_query = Some(target.clone());
        // An authority alone is that of CONNECT, and stands before no path.
        self.head.uri = Uri::from_parts(parts).unwrap_or_else(|_| Uri::from(target));
    }

    pub(super) fn path_base(&self) -> String {
        let base = self.head.feature::<PathBase>();
        path::decode(base.map(PathBase::as_str).unwrap_or_default())
    }

    pub(super) fn set_path_base(&mut self, given: Given<'_>) -> Result<(), EnvironmentError> {
        let base = parse::path_base(given.key, &given.of_type::<String>()?)?;
        self.insert(base);
        Ok(())
    }

    pub(super) fn scheme(&self) -> &str {
        let told = self.head.feature::<Scheme>().map(|scheme| scheme.as_str());
        told.or(self.head.uri.scheme_str()).unwrap_or("http")
    }

    pub(super) fn set_id(&mut self, given: Given<'_>) -> Result<(), EnvironmentError> {
        self.insert(RequestIdentifier::new(given.of_type::<String>()?));
        Ok(())
    }

    pub(super) fn set_cancelled(&mut self, given: Given<'_>) -> Result<(), EnvironmentError> {
        self.insert(given.of_type::<RequestLifetime>()?);
        Ok(())
    }

    pub(super) fn end(&self, which: End) -> Option<&Endpoint> {
        let info = self.head.feature::<ConnectionInfo>()?;
        match which {
            End::Remote => info.remote(),
            End::Local => info.local(),
        }
    }

    pub(super) fn set_end(
        &mut self,
        which: End,
        part: EndPart,
        given: Given<'_>,
    ) -> Result<(), EnvironmentError> {
        let key = given.key;
        let text = given.of_type::<String>()?;
        let info = self.head.feature::<ConnectionInfo>();
        let info = info.ok_or_else(|| EnvironmentError::missing(key))?;
        let before = self.end(which);
        let end = part.with(before, &text);
        let end = end.ok_or_else(|| EnvironmentError::invalid(key, part.wanted()))?;
        let info = match which {
            End::Remote => info.clone().with_remote(end),
            End::Local => info.clone().with_local(end),
        };
        self.insert(info);
        Ok(())
    }

    pub(super) fn feature<F: Feature + Clone>(&self) -> Option<F> {
        self.head.feature::<F>().cloned()
    }

    fn insert<F: Feature>(&mut self, feature: F) {
        self.head.features_mut().insert(feature);
    }
}

/// A value that somebody sets.
pub(super) struct Given<'k> {
    pub(super) key: &'k str,
    pub(super) value: Value,
    pub(super) of: &'static str,
}

impl Given<'_> {
    fn of_type<T: 'static>(self) -> Result<T, EnvironmentError> {
        match self.value.downcast::<T>() {
            Ok(value) => Ok(*value),
            Err(_) => Err(EnvironmentError::wrong_type(
                self.key,
                type_name::<T>(),
                self.of,
            )),
        }
    }
}

/// Which end of the connection.
#[derive(Clone, Copy)]
pub(super) enum End {
    Remote,
    Local,
}

#[derive(Clone, Copy)]
pub(super) enum EndPart {
    Ip,
    Port,
}

impl EndPart {
    pub(super) fn of(self, end: &Endpoint) -> Option<String> {
        match self {
            Self::Ip => end.ip().map(|ip| ip.to_string()),
            Self::Port => end.socket_addr().map(|address| address.port().to_string()),
        }
    }

    /// Returns the end with another such part.
    fn with(self, end: Option<&Endpoint>, text: &str) -> Option<Endpoint> {
        let known = end.and_then(Endpoint::socket_addr);
        match (self, known) {
            (Self::Ip, Some(known)) => {
                let ip: IpAddr = text.parse().ok()?;
                Some(Endpoint::Tcp((ip, known.port()).into()))
            }
            (Self::Ip, None) => Some(Endpoint::Ip(text.parse().ok()?)),
            (Self::Port, _) => {
                let ip = end.and_then(Endpoint::ip)?;
                Some(Endpoint::Tcp((ip, text.parse().ok()?).into()))
            }
        }
    }

    fn wanted(self) -> &'static str {
        match self {
            Self::Ip => "it is no IP address",
            Self::Port => "it is no port, or there is no IP address that it belongs to",
        }
    }
}
