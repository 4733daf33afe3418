use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::request::Parts;
use http::{Method, Version, header};
use http_body::Body as _;
use hyper::upgrade::OnUpgrade;
use transom::features::{
    ConnectionInfo, Endpoint, ExtendedConnect, Feature, Features, MaxRequestBodySize,
    OriginalTarget, PathBase, RequestIdentifier, RequestLifetime, Scheme, ServerInfo,
    ServerLifetime, Upgrade, UpgradeError, Upgrading,
};
use transom::{Body, Request, RequestExt};

use super::body::{Origin, Watched};
use super::{Report, Rule};

/// What the response is judged by.
pub(super) struct Asked {
    pub(super) head: bool,
    pub(super) upgrade: Offered,
}

/// Whether the application could take the connection over, and did.
pub(super) enum Offered {
    No,
    /// It is told through the flag.
    Yes(Arc<AtomicBool>),
    /// There is hyper's `OnUpgrade` as well, and whether that was taken cannot be seen.
    Unknowable,
}

/// Checks what the server hands over, and returns it with the body and the upgrade watched.
pub(super) fn check(request: Request, report: &Report) -> (Request, Asked) {
    let (mut head, body) = request.into_parts();
    check_uri(&head, report);
    check_host(&head, report);
    check_features(head.features(), report);
    check_path_base(&head, report);
    let length = check_length(&head, &body, report);
    let asked = Asked {
        head: head.method == Method::HEAD,
        upgrade: watch_upgrade(&mut head),
    };
    let limit = head.features().get::<MaxRequestBodySize>().cloned();
    let body = match body.is_end_stream() {
        true => body,
        false => Body::new(Watched::new(
            body,
            Origin::Request { limit },
            length,
            report,
        )),
    };
    (Request::from_parts(head, body), asked)
}

fn check_uri(head: &Parts, report: &Report) {
    let uri = &head.uri;
    let extended = head.feature::<ExtendedConnect>().is_some();
    let normal = match (&head.method, uri.path()) {
        (&Method::CONNECT, _) if !extended => uri.authority().is_some(),
        (&Method::OPTIONS, "*") => uri.authority().is_none(),
        (_, path) => uri.authority().is_none() && uri.scheme().is_none() && path.starts_with('/'),
    };
    if !normal {
        report.add(Rule::REQ_URI, format!("{} {uri}", head.method));
    }
}

fn check_host(head: &Parts, report: &Report) {
    let hosts = head.headers.get_all(header::HOST);
    let count = hosts.iter().count();
    let enough = head.version != Version::HTTP_11 || count == 1;
    if !enough || count > 1 {
        let version = head.version;
        report.add(
            Rule::REQ_HOST,
            format!("{count} in a request of {version:?}"),
        );
    }
    if let Some(host) = hosts.iter().find(|host| host.as_bytes().contains(&b'@')) {
        report.add(Rule::REQ_HOST, format!("{host:?}"));
    }
}

fn check_features(features: &Features, report: &Report) {
    fn require<F: Feature + ?Sized>(features: &Features, report: &Report) {
        if !features.contains::<F>() {
            report.add(Rule::REQ_FEATURES, format!("there is no `{}`", F::NAME));
        }
    }
    require::<ServerInfo>(features, report);
    require::<ServerLifetime>(features, report);
    require::<ConnectionInfo>(features, report);
    require::<Scheme>(features, report);
    require::<RequestLifetime>(features, report);
    require::<RequestIdentifier>(features, report);
    require::<MaxRequestBodySize>(features, report);
    require::<OriginalTarget>(features, report);
    if let Some(identifier) = features.get::<RequestIdentifier>() {
        let identifier = identifier.to_string();
        if !report.is_new(identifier.clone()) {
            report.add(Rule::REQ_ID, format!("`{identifier}` came twice"));
        }
    }
    if let Some(connection) = features.get::<ConnectionInfo>() {
        let ends = [connection.local(), connection.remote()];
        let addresses = ends.into_iter().flatten().filter_map(Endpoint::socket_addr);
        for address in addresses {
            if address.ip().is_unspecified() || address.port() == 0 {
                report.add(Rule::REQ_ENDS, address.to_string());
            }
        }
    }
}

fn check_path_base(head: &Parts, report: &Report) {
    let base = head.feature::<PathBase>();
    let base = base.map_or("", PathBase::as_str);
    let Some(target) = head.feature::<OriginalTarget>() else {
        return;
    };
    if head.method == Method::CONNECT && head.feature::<ExtendedConnect>().is_none() {
        return;
    }
    let (target, path) = (target.uri().path(), head.uri.path());
    // A path cannot be empty: where the base is all of it, `/` is left.
    let all = target == base && path == "/";
    if !all && target.strip_prefix(base) != Some(path) {
        report.add(
            Rule::REQ_BASE,
            format!("`{base}` and `{path}` are not `{target}`"),
        );
    }
}

/// Returns the length that the body has to have.
fn check_length(head: &Parts, body: &Body, report: &Report) -> Option<u64> {
    let mut values = head.headers.get_all(header::CONTENT_LENGTH).iter();
    let value = values.next()?;
    if values.next().is_some() {
        report.add(Rule::REQ_CL, "there are several");
        return None;
    }
    if head.headers.contains_key(header::TRANSFER_ENCODING) {
        report.add(Rule::REQ_CL, "there is a Transfer-Encoding as well");
        return None;
    }
    let length = value.to_str().ok().and_then(|value| value.parse().ok());
    match length {
        None => report.add(Rule::REQ_CL, format!("{value:?} is no number")),
        Some(length) if body.is_end_stream() && length != 0 => {
            report.add(Rule::REQ_CL, format!("{length}, and the body is empty"));
        }
        Some(_) => {}
    }
    length
}

fn watch_upgrade(head: &mut Parts) -> Offered {
    let Some(offer) = head.features().get_shared::<dyn Upgrade>() else {
        return Offered::No;
    };
    let taken = Arc::new(AtomicBool::new(false));
    let watched = WatchedUpgrade {
        offer,
        taken: Arc::clone(&taken),
    };
    head.features_mut()
        .insert_shared::<dyn Upgrade>(Arc::new(watched));
    match head.extensions.get::<OnUpgrade>() {
        Some(_) => Offered::Unknowable,
        None => Offered::Yes(taken),
    }
}

struct WatchedUpgrade {
    offer: Arc<dyn Upgrade>,
    taken: Arc<AtomicBool>,
}

impl Upgrade for WatchedUpgrade {
    fn accept(&self) -> Result<Upgrading, UpgradeError> {
        let upgrading = self.offer.accept()?;
        self.taken.store(true, Ordering::Release);
        Ok(upgrading)
    }
}
