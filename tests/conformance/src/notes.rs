use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::{HeaderMap, Method, Uri, Version};
use tokio::sync::Notify;
use transom::{Features, body};

use crate::{Outcome, within};

/// What the application of a case and its client tell each other: both are in one process.
///
/// ```
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// use transom_conformance::Notes;
///
/// let notes = Notes::default();
/// notes.say("polled");
/// notes.wait("polled").await?; // at once: it was said
/// assert_eq!(notes.count("dropped"), 0);
/// # Ok::<_, transom_conformance::Failure>(())
/// # }).unwrap();
/// # Ok::<_, std::io::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Notes(Arc<State>);

#[derive(Default)]
struct State {
    said: Mutex<Said>,
    changed: Notify,
}

#[derive(Default)]
struct Said {
    words: Vec<String>,
    sums: HashMap<&'static str, u64>,
    seen: Vec<Arc<Seen>>,
}

/// A request as the application saw it.
#[derive(Debug)]
#[expect(
    clippy::exhaustive_structs,
    reason = "made by the kit's own application alone, and read by cases"
)]
pub struct Seen {
    /// The method.
    pub method: Method,
    /// The URI.
    pub uri: Uri,
    /// The version.
    pub version: Version,
    /// The fields.
    pub headers: HeaderMap,
    /// The features.
    pub features: Features,
    /// The data of the body, as far as it came.
    pub body: Bytes,
    /// The trailers, in the order in which they came; more than one entry is an error of the server.
    pub trailers: Vec<HeaderMap>,
    /// How the body broke off, if it did.
    pub error: Option<body::Error>,
}

impl Seen {
    /// Returns the values of a field, in order; a byte that is not printable ASCII as `\xe9`.
    pub fn values(&self, field: &str) -> Vec<String> {
        let values = self.headers.get_all(field).iter();
        let values = values.map(|value| value.as_bytes().escape_ascii().to_string());
        values.collect()
    }
}

impl Notes {
    /// Says that something happened.
    pub fn say(&self, word: impl Into<String>) {
        self.said().words.push(word.into());
        self.0.changed.notify_waiters();
    }

    /// Returns how often something was said.
    pub fn count(&self, word: &str) -> usize {
        let said = self.said();
        said.words.iter().filter(|known| *known == word).count()
    }

    /// Returns everything that was said, in order.
    pub fn words(&self) -> Vec<String> {
        self.said().words.clone()
    }

    /// Waits until something was said.
    ///
    /// # Errors
    ///
    /// It was not said within the deadline.
    pub async fn wait(&self, word: &str) -> Outcome {
        let said = self.until(|said| said.words.iter().any(|known| known == word).then_some(()));
        within(&format!("`{word}` in the application"), said).await
    }

    /// Waits until something was said that many times.
    ///
    /// # Errors
    ///
    /// It was said less often within the deadline.
    pub async fn wait_for(&self, word: &str, times: usize) -> Outcome {
        let said = self.until(|said| {
            let count = said.words.iter().filter(|known| *known == word).count();
            (count >= times).then_some(())
        });
        within(&format!("`{word}` {times} times in the application"), said).await
    }

    /// Waits until one of some things was said, and returns the first that was.
    ///
    /// # Errors
    ///
    /// None was said within the deadline.
    pub async fn wait_any(&self, words: &[&str]) -> Outcome<String> {
        let said = self.until(|said| {
            let mut all = said.words.iter();
            all.find(|known| words.contains(&known.as_str())).cloned()
        });
        within(&format!("one of {words:?} in the application"), said).await
    }

    /// Adds to a sum, and returns it.
    pub fn add(&self, what: &'static str, count: usize) -> u64 {
        let mut said = self.said();
        let sum = said.sums.entry(what).or_default();
        *sum += count as u64;
        *sum
    }

    /// Sets a sum to a number, unless it is larger already.
    pub fn raise(&self, what: &'static str, number: u64) {
        let mut said = self.said();
        let sum = said.sums.entry(what).or_default();
        *sum = number.max(*sum);
    }

    /// Returns a sum.
    pub fn sum(&self, what: &'static str) -> u64 {
        self.said().sums.get(what).copied().unwrap_or_default()
    }

    /// Records a request.
    pub(crate) fn see(&self, seen: Seen) {
        self.said().seen.push(Arc::new(seen));
        self.0.changed.notify_waiters();
    }

    /// Returns the requests that the observing application saw, in order.
    pub fn seen(&self) -> Vec<Arc<Seen>> {
        self.said().seen.clone()
    }

    /// Waits for the request with that ordinal, from 0.
    ///
    /// # Errors
    ///
    /// The application did not see that many within the deadline.
    pub async fn request(&self, ordinal: usize) -> Outcome<Arc<Seen>> {
        let seen = self.until(|said| said.seen.get(ordinal).cloned());
        within("the request in the application", seen).await
    }

    async fn until<T>(&self, look: impl Fn(&Said) -> Option<T>) -> T {
        loop {
            let changed = self.0.changed.notified();
            if let Some(found) = look(&self.said()) {
                return found;
            }
            changed.await;
        }
    }

    fn said(&self) -> MutexGuard<'_, Said> {
        self.0.said.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Notes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Notes").field(&self.said().words).finish()
    }
}
