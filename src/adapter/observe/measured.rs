//! What is measured of a request, under the names of OpenTelemetry's semantic conventions.

use std::collections::BTreeMap;
use std::sync::{LazyLock, PoisonError, RwLock};
use std::time::Instant;

use http::{Method, StatusCode, Version};
use metrics::{Key, Label, Level, Metadata, Unit};

use super::Failure;
use crate::features::Scheme;

const DURATION: &str = "http.server.request.duration";
const ACTIVE: &str = "http.server.active_requests";

const METADATA: Metadata<'static> =
    Metadata::new("transom::adapter", Level::INFO, Some(module_path!()));

/// Tells the recorder what the numbers mean.
pub(in crate::adapter) fn describe() {
    metrics::describe_histogram!(
        DURATION,
        Unit::Seconds,
        "How long requests took, from the head to the end of the response."
    );
    metrics::describe_gauge!(ACTIVE, Unit::Count, "How many requests are in flight.");
}

/// The measure of one request; it is taken when this is dropped.
pub(super) struct Measured {
    tags: Tags,
    began: Instant,
}

/// What a request is told apart by. Few values each, for every combination is a time series.
struct Tags {
    scheme: Scheme,
    method: u8,
    version: Version,
    status: Option<StatusCode>,
    failure: Option<Failure>,
}

impl Measured {
    #[inline]
    pub(super) fn begin(scheme: Scheme, method: &Method, version: Version) -> Self {
        let tags = Tags {
            scheme,
            method: index(method),
            version,
            status: None,
            failure: None,
        };
        active(&tags, 1.0);
        Self {
            tags,
            began: Instant::now(),
        }
    }

    #[inline]
    pub(super) fn answered(&mut self, status: StatusCode) {
        self.tags.status = Some(status);
    }

    pub(super) fn failed(&mut self, failure: Failure) {
        self.tags.failure = Some(failure);
    }
}

impl Drop for Measured {
    fn drop(&mut self) {
        active(&self.tags, -1.0);
        let took = self.began.elapsed();
        let key = self.tags.duration();
        metrics::with_recorder(|recorder| {
            recorder.register_histogram(key, &METADATA).record(took);
        });
    }
}

/// Adds to the requests in flight. The tags are those that are known at the head, and so the same when the
/// request is over.
#[inline]
fn active(tags: &Tags, more: f64) {
    static KEYS: LazyLock<Vec<Key>> = LazyLock::new(|| {
        let schemes = [Scheme::Http, Scheme::Https].into_iter();
        let each = schemes.flat_map(|scheme| METHODS.map(|method| (scheme, method)));
        each.map(|(scheme, method)| {
            let scheme = Label::new("url.scheme", scheme.as_str());
            let method = Label::new("http.request.method", method);
            Key::from_parts(ACTIVE, vec![scheme, method])
        })
        .collect()
    });
    let block = match tags.scheme {
        Scheme::Http => 0,
        Scheme::Https => METHODS.len(),
    };
    let Some(key) = KEYS.get(block + usize::from(tags.method)) else {
        return;
    };
    metrics::with_recorder(|recorder| recorder.register_gauge(key, &METADATA).increment(more));
}

impl Tags {
    /// Returns the key of the duration. Keys are made once, for that allocates; the recorder is asked each
    /// time for what it has under it, since it may forget what is long not used.
    #[inline]
    fn duration(&self) -> &'static Key {
        static KEYS: RwLock<BTreeMap<u64, &'static Key>> = RwLock::new(BTreeMap::new());
        let packed = self.packed();
        let keys = KEYS.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = keys.get(&packed) {
            return key;
        }
        drop(keys);
        let mut keys = KEYS.write().unwrap_or_else(PoisonError::into_inner);
        keys.entry(packed)
            .or_insert_with(|| Box::leak(Box::new(self.key())))
    }

    /// Returns a number that no other tags have.
    fn packed(&self) -> u64 {
        let status = self.status.map_or(0, |status| status.as_u16());
        let failure = self.failure.map_or(0, |failure| failure as u64 + 1);
        let version = VERSIONS
            .iter()
            .position(|(known, _)| *known == self.version);
        let version = version.unwrap_or(VERSIONS.len()) as u64;
        let scheme = self.scheme as u64;
        u64::from(status)
            | failure << 16
            | version << 24
            | u64::from(self.method) << 32
            | scheme << 40
    }

    fn key(&self) -> Key {
        let method = METHODS.get(usize::from(self.method)).copied();
        let mut labels = vec![
            Label::new("url.scheme", self.scheme.as_str()),
            Label::new("http.request.method", method.unwrap_or(OTHER)),
        ];
        if let Some((_, version)) = VERSIONS.iter().find(|(known, _)| *known == self.version) {
            labels.push(Label::new("network.protocol.version", *version));
        }
        if let Some(status) = self.status {
            let status = status.as_str().to_owned();
            labels.push(Label::new("http.response.status_code", status));
        }
        let status = self.status.filter(StatusCode::is_server_error);
        match (self.failure, status) {
            (Some(failure), _) => labels.push(Label::new("error.type", failure.as_str())),
            (None, Some(status)) => {
                labels.push(Label::new("error.type", status.as_str().to_owned()));
            }
            (None, None) => {}
        }
        Key::from_parts(DURATION, labels)
    }
}

/// What methods that are not known here count as, since a client makes them up.
const OTHER: &str = "_OTHER";

/// The methods of RFC 9110 and RFC 5789.
const METHODS: [&str; 10] = [
    "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", OTHER,
];

fn index(method: &Method) -> u8 {
    match *method {
        Method::GET => 0,
        Method::HEAD => 1,
        Method::POST => 2,
        Method::PUT => 3,
        Method::DELETE => 4,
        Method::CONNECT => 5,
        Method::OPTIONS => 6,
        Method::TRACE => 7,
        Method::PATCH => 8,
        _ => 9,
    }
}

const VERSIONS: [(Version, &str); 5] = [
    (Version::HTTP_11, "1.1"),
    (Version::HTTP_2, "2"),
    (Version::HTTP_3, "3"),
    (Version::HTTP_10, "1.0"),
    (Version::HTTP_09, "0.9"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_method_has_its_name() {
        for name in METHODS {
            let method = Method::from_bytes(name.as_bytes()).expect("a method");
            assert_eq!(METHODS[usize::from(index(&method))], name);
        }
        let made_up = Method::from_bytes(b"BREW").expect("a method");
        assert_eq!(METHODS[usize::from(index(&made_up))], OTHER);
    }
}
