use std::fmt;
use std::io;
use std::sync::{Arc, Weak};

use transom::features::Feature;
use windows_sys::Win32::Networking::HttpServer as api;

use super::sys::{RequestBuffer, RequestQueue, counter_frequency};
use crate::RequestTimings;

/// What else the kernel says of a request: entries that have numbers, the values of `HTTP_REQUEST_INFO_TYPE`. Absent if
/// it says nothing.
///
/// ```
/// use transom::{Request, RequestExt};
/// use transom_http_sys::{RequestInfo, RequestStage};
///
/// /// How long the request has waited for this process.
/// fn waited(request: &Request) -> Option<std::time::Duration> {
///     let timings = request.feature::<RequestInfo>()?.timings()?;
///     timings.elapsed(RequestStage::RequestQueuedForIO, RequestStage::RequestDeliveredForIO)
/// }
///
/// assert_eq!(waited(&Request::default()), None); // no server made this request
/// ```
#[doc(alias = "IHttpSysRequestInfoFeature")]
pub struct RequestInfo(RequestBuffer);

impl RequestInfo {
    /// Returns that of a request that was received, if there is any.
    pub(super) fn of(buffer: RequestBuffer) -> Option<Self> {
        let says_nothing = buffer.infos().next().is_none();
        (!says_nothing).then_some(Self(buffer))
    }

    /// Returns an entry, as the kernel laid it out. Addresses and handles in it are numbers, and of no use.
    pub fn get(&self, kind: i32) -> Option<&[u8]> {
        let mut all = self.iter();
        all.find(|(found, _)| *found == kind)
            .map(|(_, bytes)| bytes)
    }

    /// Returns the entries: of what kind, and the bytes.
    pub fn iter(&self) -> impl Iterator<Item = (i32, &[u8])> {
        self.0.infos()
    }

    /// Returns when the kernel did what with the request, if it says so.
    pub fn timings(&self) -> Option<RequestTimings> {
        let info = self.get(api::HttpRequestInfoTypeRequestTiming)?;
        RequestTimings::parse(info, counter_frequency())
    }
}

impl fmt::Debug for RequestInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds = self.iter().map(|(kind, _)| kind);
        f.debug_set().entries(kinds).finish()
    }
}

impl Feature for RequestInfo {
    const NAME: &'static str = "request.info";
}

/// What the kernel says of a request when it is asked: properties that have numbers, the values of
/// `HTTP_REQUEST_PROPERTY`. Absent where the system has none: before Windows 10, version 1709.
///
/// They may be asked for as long as the request is there: before its response has ended.
///
/// ```
/// use transom::{Request, RequestExt};
/// use transom_http_sys::RequestProperties;
///
/// /// How many bytes of a response should be under way.
/// fn backlog(request: &Request) -> Option<u64> {
///     const IDEAL_SEND_BACKLOG: i32 = 0;
///     let properties = request.feature::<RequestProperties>()?;
///     let bytes = properties.query(IDEAL_SEND_BACKLOG, &[]).ok()?;
///     Some(u64::from_ne_bytes(*bytes.first_chunk()?))
/// }
///
/// assert_eq!(backlog(&Request::default()), None); // no server made this request
/// ```
#[doc(alias = "IHttpSysRequestPropertyFeature")]
pub struct RequestProperties {
    queue: Weak<RequestQueue>,
    request: u64,
}

impl RequestProperties {
    pub(super) fn new(queue: &Arc<RequestQueue>, request: u64) -> Self {
        let queue = Arc::downgrade(queue);
        Self { queue, request }
    }

    /// Returns a property, as the kernel lays it out. Some need a qualifier, which is empty for the others.
    ///
    /// # Errors
    ///
    /// The system does not know the property, the request has none such, or is gone.
    #[doc(alias = "TryGetRequestProperty")]
    pub fn query(&self, property: i32, qualifier: &[u8]) -> io::Result<Vec<u8>> {
        let queue = self.queue.upgrade();
        let queue = queue.ok_or_else(|| io::Error::from(io::ErrorKind::NotConnected))?;
        queue.property(self.request, property, qualifier)
    }

    /// Returns the first message of the client of a connection over TLS. An administrator has to have set
    /// `HTTP_SERVICE_CONFIG_SSL_FLAG_ENABLE_CACHE_CLIENT_HELLO` for the port.
    ///
    /// # Errors
    ///
    /// Nobody has set it, the system cannot, there is no TLS, or the request is gone.
    #[doc(alias = "TryGetTlsClientHello")]
    #[doc(alias = "TlsClientHelloBytesCallback")]
    pub fn tls_client_hello(&self) -> io::Result<Vec<u8>> {
        const TLS_CLIENT_HELLO: i32 = 11;
        self.query(TLS_CLIENT_HELLO, &[])
    }
}

impl fmt::Debug for RequestProperties {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestProperties").finish_non_exhaustive()
    }
}

impl Feature for RequestProperties {
    const NAME: &'static str = "request.properties";
}
