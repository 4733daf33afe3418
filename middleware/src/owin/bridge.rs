//! Between an environment and the types of `http`.

use std::future::poll_fn;
use std::pin::pin;

use bytes::Bytes;
use http::{HeaderMap, Request, Response, header};
use http_body::Body as HttpBody;
use transom::body::BoxError;
use transom::features::{
    ConnectionInfo, Endpoint, RequestIdentifier, RequestLifetime, ServerLifetime, Transport,
};
use transom::{Body, Features, RequestExt};

use super::{Environment, EnvironmentError, ResponseBody, keys, parse};
use crate::merge::merge;

impl Environment {
    /// Returns the request, with its body, which is taken. It has the features that are behind the keys, and this
    /// environment as a feature.
    ///
    /// An environment that is a view keeps its copy of the head: what is changed in one is not seen in the other.
    ///
    /// ```
    /// use http::HeaderMap;
    /// use transom::{RequestExt, features::PathBase};
    /// use transom_middleware::owin::{Environment, keys};
    ///
    /// let environment = Environment::new();
    /// environment.set(keys::REQUEST_METHOD, "GET".to_owned())?;
    /// environment.set(keys::REQUEST_PATH_BASE, "/shop".to_owned())?;
    /// environment.set(keys::REQUEST_PATH, "/caf\u{e9}".to_owned())?;
    /// environment.set(keys::REQUEST_QUERY_STRING, "n=1".to_owned())?;
    /// environment.set(keys::REQUEST_HEADERS, HeaderMap::new())?;
    /// let request = environment.to_request()?;
    /// assert_eq!(request.uri(), "/caf%C3%A9?n=1");
    /// assert_eq!(request.feature::<PathBase>().unwrap().as_str(), "/shop");
    /// # Ok::<_, transom_middleware::owin::EnvironmentError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A key is missing, of another type than its docs say, or holds what a request cannot.
    pub fn to_request(&self) -> Result<Request<Body>, EnvironmentError> {
        let viewed = self.lock().map(|mut view| {
            let body = view.body.take().unwrap_or_default();
            Request::from_parts(view.head.clone(), body)
        });
        let mut request = match viewed {
            Some(request) => request,
            None => self.request_of_items()?,
        };
        request.features_mut().insert(self.clone());
        Ok(request)
    }

    /// Answers with a response: sets the status, adds the fields, and writes the body to its end.
    ///
    /// A field replaces those of its name that are there; those of other names stay, and so does `Set-Cookie`. A
    /// body that goes to the server as it is keeps its length and its trailers; any other loses the latter.
    ///
    /// # Errors
    ///
    /// The body failed, or its client is gone.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future breaks the body off where it is.
    pub async fn send_response<B>(&self, response: Response<B>) -> Result<(), BoxError>
    where
        B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        let (head, body) = response.into_parts();
        let frozen = self.lock().is_some_and(|view| view.is_frozen());
        if frozen {
            tracing::debug!("the head of a response was sent before; the later one is not");
        } else {
            self.set(keys::RESPONSE_STATUS_CODE, head.status.as_u16())?;
            let mut headers: HeaderMap = self.get(keys::RESPONSE_HEADERS).unwrap_or_default();
            merge(&mut headers, head.headers, &[header::SET_COOKIE]);
            self.set(keys::RESPONSE_HEADERS, headers)?;
            if let Some(mut view) = self.lock() {
                view.response.version = head.version;
                view.response.extensions.extend(head.extensions);
            }
        }
        let out: ResponseBody = self.require(keys::RESPONSE_BODY)?;
        let Some(body) = out.forward(Body::new(body)).await? else {
            return Ok(());
        };
        // The head is settled, and content may be long in coming.
        out.flush().await?;
        let mut body = pin!(body);
        while let Some(frame) = poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
            if let Ok(data) = frame?.into_data() {
                out.write(data).await?;
            }
        }
        // Before whatever hangs on the body is over.
        out.flush().await?;
        Ok(())
    }

    fn request_of_items(&self) -> Result<Request<Body>, EnvironmentError> {
        let mut request = Request::new(Body::empty());
        let text: String = self.require(keys::REQUEST_METHOD)?;
        *request.method_mut() = parse::method(keys::REQUEST_METHOD, &text)?;
        if let Some(text) = self.text(keys::REQUEST_PROTOCOL)? {
            *request.version_mut() = parse::version(keys::REQUEST_PROTOCOL, &text)?;
        }
        *request.headers_mut() = self.require(keys::REQUEST_HEADERS)?;
        let mut features = self.get::<Features>(keys::FEATURES).unwrap_or_default();
        if let Some(text) = self.text(keys::REQUEST_SCHEME)? {
            features.insert(parse::scheme(keys::REQUEST_SCHEME, &text)?);
        }
        if let Some(lifetime) = self.get::<RequestLifetime>(keys::CALL_CANCELLED) {
            features.insert(lifetime);
        }
        if let Some(lifetime) = self.get::<ServerLifetime>(keys::ON_DISPOSE) {
            features.insert(lifetime);
        }
        if let Some(id) = self.text(keys::REQUEST_ID)? {
            features.insert(RequestIdentifier::new(id));
        }
        if let Some(info) = self.connection_info() {
            features.insert(info);
        }
        *request.features_mut() = features;
        let base = self.text(keys::REQUEST_PATH_BASE)?.unwrap_or_default();
        let base = parse::path_base(keys::REQUEST_PATH_BASE, &base)?;
        if let Some(target) = self.text(keys::REQUEST_TARGET)? {
            let uri = target.parse().map_err(|_| {
                EnvironmentError::invalid(keys::REQUEST_TARGET, "it is no target of a request")
            })?;
            *request.uri_mut() = uri;
            base.take_off(&mut request);
        } else {
            let path: String = self.require(keys::REQUEST_PATH)?;
            let query = self.text(keys::REQUEST_QUERY_STRING)?.unwrap_or_default();
            *request.uri_mut() = parse::target(keys::REQUEST_PATH, &path, &query)?.into();
            if !base.as_str().is_empty() {
                request.features_mut().insert(base);
            }
        }
        *request.body_mut() = self.take::<Body>(keys::REQUEST_BODY).unwrap_or_default();
        Ok(request)
    }

    /// Returns what is there; an empty one counts as absent, and one of another type is a mistake.
    fn text(&self, key: &str) -> Result<Option<String>, EnvironmentError> {
        match self.contains(key) {
            true => self
                .require(key)
                .map(|text: String| (!text.is_empty()).then_some(text)),
            false => Ok(None),
        }
    }

    /// Returns the ends of the connection, where they are told; what is no address is not.
    fn connection_info(&self) -> Option<ConnectionInfo> {
        let end = |ip: &str, port: &str| {
            let ip = self.get::<String>(ip)?.parse().ok()?;
            let port = self.get::<String>(port).and_then(|port| port.parse().ok());
            Some(match port {
                Some(port) => Endpoint::Tcp((ip, port).into()),
                None => Endpoint::Ip(ip),
            })
        };
        let remote = end(keys::REMOTE_IP_ADDRESS, keys::REMOTE_PORT);
        let local = end(keys::LOCAL_IP_ADDRESS, keys::LOCAL_PORT);
        if remote.is_none() && local.is_none() {
            return None;
        }
        let mut info = ConnectionInfo::new(Transport::Tcp);
        if let Some(remote) = remote {
            info = info.with_remote(remote);
        }
        if let Some(local) = local {
            info = info.with_local(local);
        }
        Some(info)
    }
}
