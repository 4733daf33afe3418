//! What is measured of connections: Kestrel's metrics, under the project's own name.

use std::time::{Duration, Instant};

use http::StatusCode;
use metrics::{
    Key, Label, Level, Metadata, Unit, describe_counter, describe_gauge, describe_histogram,
};

use super::RejectionReason;
use crate::features::{ConnectionInfo, Endpoint, TlsVersion};

const ACTIVE: &str = "transom.active_connections";
const DURATION: &str = "transom.connection.duration";
const REFUSED: &str = "transom.rejected_connections";
const UPGRADED: &str = "transom.upgraded_connections";
const HANDSHAKES: &str = "transom.active_tls_handshakes";
const HANDSHAKE_DURATION: &str = "transom.tls_handshake.duration";
const REJECTIONS: &str = "transom.rejections";

const ERROR: &str = "error.type";

const METADATA: Metadata<'static> =
    Metadata::new("transom::hyper", Level::INFO, Some(module_path!()));

/// Tells the recorder what the numbers mean.
pub(in crate::hyper) fn describe() {
    describe_gauge!(ACTIVE, Unit::Count, "How many connections are open.");
    describe_histogram!(DURATION, Unit::Seconds, "How long connections were open.");
    describe_counter!(
        REFUSED,
        Unit::Count,
        "Connections that were not let in, because there were too many."
    );
    describe_gauge!(
        UPGRADED,
        Unit::Count,
        "How many connections that left HTTP are open."
    );
    describe_gauge!(HANDSHAKES, Unit::Count, "How many TLS handshakes go on.");
    describe_histogram!(
        HANDSHAKE_DURATION,
        Unit::Seconds,
        "How long TLS handshakes took."
    );
    describe_counter!(
        REJECTIONS,
        Unit::Count,
        "Requests and connections that the server refused or ended by itself."
    );
}

/// The measures of one connection.
pub(super) struct Measured {
    active: Key,
    upgraded: Option<Key>,
}

impl Measured {
    pub(super) fn begin(info: &ConnectionInfo) -> Self {
        let active = Key::from_parts(ACTIVE, labels(info));
        add(&active, 1.0);
        Self {
            active,
            upgraded: None,
        }
    }

    pub(super) fn upgrade(&mut self) {
        if self.upgraded.is_none() {
            let upgraded = Key::from_parts(UPGRADED, own(&self.active));
            add(&upgraded, 1.0);
            self.upgraded = Some(upgraded);
        }
    }

    pub(super) fn end(self, took: Duration, reason: Option<RejectionReason>) {
        // By the very keys that it began with.
        add(&self.active, -1.0);
        if let Some(upgraded) = &self.upgraded {
            add(upgraded, -1.0);
        }
        let mut labels = own(&self.active);
        labels.extend(reason.map(|reason| Label::new(ERROR, reason.as_str())));
        record(&Key::from_parts(DURATION, labels), took);
    }
}

pub(super) fn connection_refused(info: &ConnectionInfo) {
    count(&Key::from_parts(REFUSED, labels(info)));
}

pub(super) fn rejected(reason: RejectionReason, status: Option<StatusCode>) {
    let mut labels = vec![Label::new(ERROR, reason.as_str())];
    let status = status.map(|status| status.as_str().to_owned());
    labels.extend(status.map(|status| Label::new("http.response.status_code", status)));
    count(&Key::from_parts(REJECTIONS, labels));
}

/// The measures of one TLS handshake.
pub(super) struct Handshaking {
    active: Key,
    began: Instant,
    version: Option<TlsVersion>,
}

impl Handshaking {
    pub(super) fn begin(info: &ConnectionInfo) -> Self {
        let active = Key::from_parts(HANDSHAKES, labels(info));
        add(&active, 1.0);
        Self {
            active,
            began: Instant::now(),
            version: None,
        }
    }

    pub(super) fn done(mut self, version: TlsVersion) {
        self.version = Some(version);
    }
}

impl Drop for Handshaking {
    fn drop(&mut self) {
        add(&self.active, -1.0);
        let mut labels = own(&self.active);
        labels.push(match self.version {
            Some(version) => Label::new("tls.protocol.version", version.as_str()),
            None => Label::new(ERROR, RejectionReason::TlsHandshake.as_str()),
        });
        record(
            &Key::from_parts(HANDSHAKE_DURATION, labels),
            self.began.elapsed(),
        );
    }
}

/// Returns what connections are told apart by: where the server listens, not who the client is, for every
/// combination is a time series.
fn labels(info: &ConnectionInfo) -> Vec<Label> {
    let mut labels = vec![Label::new("network.transport", info.transport().as_str())];
    match info.local() {
        Some(Endpoint::Tcp(local) | Endpoint::Udp(local)) => {
            let ip = local.ip().to_canonical();
            let kind = if ip.is_ipv4() { "ipv4" } else { "ipv6" };
            labels.push(Label::new("network.type", kind));
            labels.push(Label::new("server.address", ip.to_string()));
            labels.push(Label::new("server.port", local.port().to_string()));
        }
        Some(Endpoint::Unix(Some(path))) => {
            labels.push(Label::new("server.address", path.display().to_string()));
        }
        _ => {}
    }
    labels
}

fn own(key: &Key) -> Vec<Label> {
    key.labels().cloned().collect()
}

fn add(key: &Key, more: f64) {
    metrics::with_recorder(|recorder| recorder.register_gauge(key, &METADATA).increment(more));
}

fn count(key: &Key) {
    metrics::with_recorder(|recorder| recorder.register_counter(key, &METADATA).increment(1));
}

fn record(key: &Key, took: Duration) {
    metrics::with_recorder(|recorder| recorder.register_histogram(key, &METADATA).record(took));
}
