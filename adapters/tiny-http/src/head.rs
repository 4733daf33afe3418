use http::{HeaderName, HeaderValue, Method, Request, StatusCode, Uri, Version, header};
use transom::adapter::check_head;

/// How the content of a request is framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    None,
    Sized(u64),
    Chunked,
}

/// The head of a request, understood as tiny_http understood it: where both could differ, the request is
/// refused, for the two would not agree on where it ends.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) request: Request<()>,
    pub(crate) content: Content,
    /// tiny_http hands over the bare connection, and closes it afterwards.
    pub(crate) upgrade: bool,
    pub(crate) expects_continue: bool,
    /// tiny_http reads another request from the connection.
    pub(crate) keep_alive: bool,
    /// The client can take trailers.
    pub(crate) trailers: bool,
}

impl Head {
    /// # Errors
    ///
    /// The status to refuse the request with.
    pub(crate) fn read(from: &tiny_http::Request) -> Result<Self, StatusCode> {
        let method = Method::from_bytes(from.method().as_str().as_bytes())
            .map_err(|_| StatusCode::BAD_REQUEST)?;
        let version = match (from.http_version().0, from.http_version().1) {
            (1, 1) => Version::HTTP_11,
            (1, 0) => Version::HTTP_10,
            _ => return Err(StatusCode::HTTP_VERSION_NOT_SUPPORTED),
        };
        let mut request = Request::new(());
        *request.uri_mut() = target(&method, from.url())?;
        *request.method_mut() = method;
        *request.version_mut() = version;
        for field in from.headers() {
            let name = HeaderName::from_bytes(field.field.as_str().as_str().as_bytes())
                .map_err(|_| StatusCode::BAD_REQUEST)?;
            let value = HeaderValue::from_bytes(field.value.as_bytes())
                .map_err(|_| StatusCode::BAD_REQUEST)?;
            request.headers_mut().append(name, value);
        }
        check_head(&request).map_err(|_| StatusCode::BAD_REQUEST)?;

        let upgrade = connection(from).contains("upgrade");
        let content = content(&request, upgrade)?;
        Ok(Self {
            content,
            upgrade,
            expects_continue: request.headers().contains_key(header::EXPECT),
            keep_alive: engine_keeps_alive(from),
            trailers: version == Version::HTTP_11 && names(&request, header::TE, "trailers"),
            request,
        })
    }

    /// Returns whether the client asks to take the connection over.
    pub(crate) fn wants_upgrade(&self) -> bool {
        self.upgrade
            && self.request.version() == Version::HTTP_11
            && names(&self.request, header::CONNECTION, "upgrade")
            && self.request.headers().contains_key(header::UPGRADE)
    }
}

/// Returns whether tiny_http reads another request from the connection.
pub(crate) fn engine_keeps_alive(request: &tiny_http::Request) -> bool {
    let connection = connection(request);
    !connection.contains("close")
        && !connection.contains("upgrade")
        && (*request.http_version() != tiny_http::HTTPVersion(1, 0)
            || connection.contains("keep-alive"))
}

/// Returns the content that tiny_http sees in a request, if it is safe to read it unasked.
pub(crate) fn engine_content(request: &tiny_http::Request) -> Option<Content> {
    let has = |name| {
        let mut fields = request.headers().iter();
        fields.any(|field| field.field.equiv(name))
    };
    if connection(request).contains("upgrade") || has("Expect") {
        None
    } else if has("Transfer-Encoding") {
        Some(Content::Chunked)
    } else {
        let length = u64::try_from(request.body_length()?).ok()?;
        (length > 0).then_some(Content::Sized(length))
    }
}

/// Only the first field counts for tiny_http, and a part of a word is enough.
fn connection(request: &tiny_http::Request) -> String {
    request
        .headers()
        .iter()
        .find(|field| field.field.equiv("Connection"))
        .map(|field| field.value.as_str().to_ascii_lowercase())
        .unwrap_or_default()
}

fn target(method: &Method, url: &str) -> Result<Uri, StatusCode> {
    let uri: Uri = url.parse().map_err(|_| StatusCode::BAD_REQUEST)?;
    let legal = match *method {
        Method::CONNECT => {
            uri.scheme().is_none() && uri.port().is_some() && uri.path_and_query().is_none()
        }
        Method::OPTIONS if url == "*" => true,
        _ => url.starts_with('/') || uri.scheme().is_some() && uri.authority().is_some(),
    };
    legal.then_some(uri).ok_or(StatusCode::BAD_REQUEST)
}

fn content(request: &Request<()>, upgrade: bool) -> Result<Content, StatusCode> {
    let mut codings = request.headers().get_all(header::TRANSFER_ENCODING).iter();
    let mut lengths = request.headers().get_all(header::CONTENT_LENGTH).iter();
    match (codings.next(), lengths.next()) {
        (None, None) => Ok(Content::None),
        (None, Some(length)) => {
            let digits = length.to_str().ok().filter(|text| {
                lengths.next().is_none() && text.bytes().all(|digit| digit.is_ascii_digit())
            });
            match digits.and_then(|text| text.parse().ok()) {
                Some(0) => Ok(Content::None),
                Some(length) => Ok(Content::Sized(length)),
                None => Err(StatusCode::BAD_REQUEST),
            }
        }
        // tiny_http decodes no chunks where it hands over the bare connection.
        (Some(coding), None)
            if codings.next().is_none() && !upgrade && request.version() == Version::HTTP_11 =>
        {
            let coding = coding.to_str().unwrap_or_default().to_ascii_lowercase();
            match coding.rsplit(',').map(str::trim).collect::<Vec<_>>()[..] {
                ["chunked"] => Ok(Content::Chunked),
                ["chunked", ..] => Err(StatusCode::NOT_IMPLEMENTED),
                // RFC 9112, section 6.3: where it ends is not to be known.
                _ => Err(StatusCode::BAD_REQUEST),
            }
        }
        _ => Err(StatusCode::BAD_REQUEST),
    }
}

/// Returns whether a field that is a list has this element.
fn names(request: &Request<()>, field: HeaderName, element: &str) -> bool {
    request
        .headers()
        .get_all(field)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|part| part.trim().eq_ignore_ascii_case(element))
}
