use std::fmt::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use http::HeaderValue;
use transom::Feature;

/// Takes what is measured while a request is answered. Absent where nothing is measured.
///
/// A clone is a handle of the same request. What comes after the head of the response, and what comes after 50
/// others, is dropped.
#[derive(Clone, Debug, Default)]
pub struct ServerTiming(Arc<Mutex<Measures>>);

#[derive(Debug, Default)]
struct Measures {
    text: String,
    count: usize,
    over: bool,
}

const MOST: usize = 50;
const LONGEST: usize = 64;

impl ServerTiming {
    /// Adds a duration. Names are tokens of HTTP: any other character becomes `_`, and what is beyond 64 is cut off.
    pub fn record(&self, name: &str, duration: Duration) {
        self.add(name, duration, None);
    }

    /// Adds a duration with a description for people. What is not visible ASCII becomes `_`, and what is beyond 64
    /// characters is cut off.
    pub fn record_with_description(&self, name: &str, duration: Duration, description: &str) {
        self.add(name, duration, Some(description));
    }

    /// Measures until the value is dropped.
    #[must_use = "it is measured until this is dropped"]
    pub fn measure(&self, name: impl Into<String>) -> Measured {
        Measured {
            timing: self.clone(),
            name: name.into(),
            begun: Instant::now(),
        }
    }

    /// Ends it, and returns the field; `None` if nothing was measured.
    pub(super) fn end(&self) -> Option<HeaderValue> {
        let mut measures = self.measures();
        measures.over = true;
        let text = std::mem::take(&mut measures.text);
        // Of visible ASCII alone.
        HeaderValue::try_from(text)
            .ok()
            .filter(|field| !field.is_empty())
    }

    fn add(&self, name: &str, duration: Duration, description: Option<&str>) {
        let mut measures = self.measures();
        if measures.over || measures.count >= MOST {
            return;
        }
        measures.count += 1;
        let text = &mut measures.text;
        if !text.is_empty() {
            text.push_str(", ");
        }
        match name {
            "" => text.push('_'),
            name => text.extend(name.chars().take(LONGEST).map(token)),
        }
        // Milliseconds. What takes longer than this has room for has not ended yet.
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        // Writing to a string cannot fail.
        let _ = write!(text, ";dur={}.{:03}", micros / 1000, micros % 1000);
        if let Some(description) = description {
            text.push_str(";desc=\"");
            for c in description.chars().take(LONGEST) {
                match c {
                    '"' | '\\' => text.extend(['\\', c]),
                    ' '..='~' => text.push(c),
                    _ => text.push('_'),
                }
            }
            text.push('"');
        }
    }

    fn measures(&self) -> MutexGuard<'_, Measures> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Feature for ServerTiming {
    const NAME: &'static str = "response.server_timing";
}

/// RFC 9110, section 5.6.2.
fn token(c: char) -> char {
    match c {
        c if c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c) => c,
        _ => '_',
    }
}

/// Something that is being measured; see [`ServerTiming::measure`].
#[derive(Debug)]
pub struct Measured {
    timing: ServerTiming,
    name: String,
    begun: Instant,
}

impl Drop for Measured {
    fn drop(&mut self) {
        self.timing.record(&self.name, self.begun.elapsed());
    }
}
