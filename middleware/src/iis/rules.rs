use std::sync::atomic::{AtomicBool, Ordering};

use http::{HeaderMap, HeaderName, Method, Request, StatusCode};
use transom::RequestExt;
use transom::features::{MaxRequestBodySize, Upgrade};

use super::Iis;
use crate::certificate_forwarding::CertificateForwardingLayer;
use crate::forwarded_headers::{ForwardedHeadersLayer, ForwardedPart};
use crate::proxies::Peer;

/// What is done by what IIS says.
pub(super) struct Rules {
    iis: Iis,
    shutdown: Box<dyn Fn() + Send + Sync>,
    forwarded: ForwardedHeadersLayer,
    certificate: CertificateForwardingLayer,
    told_of_windows_tokens: AtomicBool,
}

/// Marks a request that has been let in: the layer works once, wherever it stands besides.
#[derive(Clone)]
struct LetIn;

impl Rules {
    pub(super) fn new(iis: Iis, shutdown: Box<dyn Fn() + Send + Sync>) -> Self {
        // By whom the request comes its token tells, better than an address.
        let certificate = CertificateForwardingLayer::base64()
            .with_header_name(HeaderName::from_static(CLIENT_CERTIFICATE))
            .with_any_proxy();
        Self {
            iis,
            shutdown,
            forwarded: ForwardedHeadersLayer::new([ForwardedPart::For, ForwardedPart::Proto]),
            certificate,
            told_of_windows_tokens: AtomicBool::new(false),
        }
    }

    pub(super) fn iis(&self) -> &Iis {
        &self.iis
    }

    /// Makes the request that of the client; or returns how it is answered.
    pub(super) fn receive<B>(&self, request: &mut Request<B>) -> Option<StatusCode> {
        if request.extensions().get::<LetIn>().is_some() {
            return None;
        }
        if let Some(token) = &self.iis.token
            && !token.is_in(request.headers(), TOKEN)
        {
            let peer = Peer::of(request);
            tracing::error!(%peer, "a request without the token of IIS, or with another one; it is refused");
            return Some(StatusCode::BAD_REQUEST);
        }
        request.extensions_mut().insert(LetIn);
        request.headers_mut().remove(TOKEN);
        let shutdown = take_shutdown(request.headers_mut());
        self.drop_windows_token(request.headers_mut());
        self.iis.path_base.take_off(request);
        self.forwarded.rules().apply(request);
        if shutdown
            && self.iis.token.is_some()
            && request.method() == Method::POST
            && request.uri().path().eq_ignore_ascii_case(EVENTS)
        {
            tracing::info!("IIS asks this process to end");
            (self.shutdown)();
            return Some(StatusCode::ACCEPTED);
        }
        if let Some(size) = request.feature::<MaxRequestBodySize>() {
            // IIS has a limit of its own. Nobody has read anything yet, so it can change.
            let _ = size.set(None);
        }
        match self.iis.client_certificates {
            true => self.certificate.rules().apply(request),
            false => remove(request.headers_mut(), &CERTIFICATES),
        }
        if !self.iis.websockets {
            request.features_mut().remove::<dyn Upgrade>();
            // What looks for an upgrade by itself finds none.
            remove(request.headers_mut(), &["connection", "upgrade"]);
        }
        None
    }

    /// The handle that it names is this process's, and only an unsafe call could use or close it.
    fn drop_windows_token(&self, headers: &mut HeaderMap) {
        let before = headers.len();
        remove(headers, &WINDOWS_TOKENS);
        if headers.len() < before && !self.told_of_windows_tokens.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                "IIS hands over Windows identities, which are not used here, and leaves a handle open for each request: \
                 set `forwardWindowsAuthToken=\"false\"` in web.config"
            );
        }
    }
}

/// Takes the event out, and returns whether it is the one that there is.
fn take_shutdown(headers: &mut HeaderMap) -> bool {
    let mut events = headers.get_all(EVENT).iter();
    let shutdown = match (events.next(), events.next()) {
        (Some(event), None) => event
            .as_bytes()
            .trim_ascii()
            .eq_ignore_ascii_case(b"shutdown"),
        _ => false,
    };
    headers.remove(EVENT);
    shutdown
}

fn remove(headers: &mut HeaderMap, names: &[&'static str]) {
    for name in names {
        headers.remove(*name);
    }
}

const TOKEN: &str = "ms-aspnetcore-token";
const EVENT: &str = "ms-aspnetcore-event";
const EVENTS: &str = "/iisintegration";
const CLIENT_CERTIFICATE: &str = "ms-aspnetcore-clientcert";
/// The second is HttpPlatformHandler's, of which nothing says that it is not the client's.
const CERTIFICATES: [&str; 2] = [CLIENT_CERTIFICATE, "x-iis-clientcert"];
const WINDOWS_TOKENS: [&str; 2] = ["ms-aspnetcore-winauthtoken", "x-iis-windowsauthtoken"];
