use super::Feature;

/// Present if trailers of a response reach the client
/// ([`Body::with_trailers`](crate::body::Body::with_trailers)); where it is absent they are dropped, and
/// the response is good without them.
///
/// An HTTP/1.1 client has to ask for them with `TE: trailers`, and the response to announce each in its
/// `Trailer` field; HTTP/2 needs neither.
#[doc(alias = "IHttpResponseTrailersFeature")]
#[derive(Clone, Copy, Debug, Default)]
pub struct ResponseTrailers(());

impl ResponseTrailers {
    /// Returns the flag; for servers.
    pub const fn new() -> Self {
        Self(())
    }
}

impl Feature for ResponseTrailers {
    const NAME: &'static str = "response.trailers";
}
