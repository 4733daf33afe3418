//! What the proxies said, the last of them first.

use std::borrow::Cow;

use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::ForwardedPart;
use super::rfc7239::{self, Values};
use super::rules::{Rules, Source};

/// One proxy's word.
#[derive(Default)]
pub(super) struct Hop<'a> {
    values: Values<'a>,
    /// It cannot be read, so that nothing before it can be believed.
    pub(super) malformed: bool,
}

impl Hop<'_> {
    /// Returns a value; empty if the proxy said nothing.
    pub(super) fn get(&self, part: ForwardedPart) -> &str {
        &self.values[part.index()]
    }
}

/// As many proxies as the limit allows, and how often each part was there in all.
pub(super) struct Hops<'a> {
    pub(super) hops: Vec<Hop<'a>>,
    counts: [usize; 4],
}

impl<'a> Hops<'a> {
    pub(super) fn read(rules: &Rules, headers: &'a HeaderMap) -> Self {
        let mut read = Self {
            hops: Vec::new(),
            counts: [0; 4],
        };
        let limit = rules.limit.unwrap_or(usize::MAX);
        if rules.source == Source::Forwarded {
            for (index, element) in elements(headers).enumerate() {
                match element.and_then(rfc7239::parse) {
                    Some(mut values) => {
                        for part in ForwardedPart::ALL {
                            let value = std::mem::take(&mut values[part.index()]);
                            if rules.enables(part) && !value.is_empty() {
                                read.add(part, index, limit, value);
                            }
                        }
                        // An element that says nothing counts as a proxy all the same.
                        read.extend_to(index, limit);
                    }
                    None => {
                        read.extend_to(index, limit);
                        if let Some(hop) = read.hops.get_mut(index) {
                            hop.malformed = true;
                        }
                    }
                }
            }
        }
        for part in ForwardedPart::ALL {
            if rules.enables(part) && rules.has_own_field(part) {
                let name = &rules.names.forwarded[part.index()];
                for (index, value) in values(headers, name).enumerate() {
                    read.add(part, index, limit, Cow::Borrowed(text(value)));
                }
            }
        }
        read
    }

    /// Returns whether each enabled part was there as often as every other.
    pub(super) fn are_symmetric(&self, rules: &Rules) -> bool {
        let mut enabled = ForwardedPart::ALL
            .into_iter()
            .filter(|part| rules.enables(*part))
            .map(|part| self.counts[part.index()]);
        let first = enabled.next();
        enabled.all(|count| Some(count) == first)
    }

    fn add(&mut self, part: ForwardedPart, index: usize, limit: usize, value: Cow<'a, str>) {
        self.counts[part.index()] += 1;
        self.extend_to(index, limit);
        if let Some(hop) = self.hops.get_mut(index) {
            hop.values[part.index()] = value;
        }
    }

    fn extend_to(&mut self, index: usize, limit: usize) {
        if index < limit && self.hops.len() <= index {
            self.hops.resize_with(index + 1, Hop::default);
        }
    }
}

/// Takes the last `consumed` values off a field; the field goes with the last of them.
pub(super) fn truncate(headers: &mut HeaderMap, name: &HeaderName, consumed: usize) {
    let mut kept = values_as_written(headers, name).skip(consumed).peekable();
    // Mostly: there was one proxy, and it set the field.
    if kept.peek().is_none() {
        drop(kept);
        headers.remove(name);
        return;
    }
    let mut kept: Vec<&[u8]> = kept.collect();
    kept.reverse();
    let kept = list(&kept);
    replace(headers, name, kept);
}

/// As [`truncate`], for `Forwarded`, whose values may have commas in them.
pub(super) fn truncate_forwarded(headers: &mut HeaderMap, consumed: usize) {
    let mut kept: Vec<&[u8]> = lines(headers)
        .flat_map(|(line, text)| match text {
            Some(text) => rfc7239::elements(text)
                .into_iter()
                .rev()
                .map(str::as_bytes)
                .collect(),
            None => vec![line],
        })
        .skip(consumed)
        .collect();
    kept.reverse();
    let kept = list(&kept);
    replace(headers, &header::FORWARDED, kept);
}

/// Returns the values as one field; `None` if there are none. What was a part of valid values is one, so
/// joining cannot fail; if it did, the field would go.
fn list(values: &[&[u8]]) -> Option<HeaderValue> {
    if values.is_empty() {
        return None;
    }
    HeaderValue::from_bytes(&values.join(&b", "[..])).ok()
}

fn replace(headers: &mut HeaderMap, name: &HeaderName, value: Option<HeaderValue>) {
    match value {
        Some(value) => {
            headers.insert(name, value);
        }
        None => {
            headers.remove(name);
        }
    }
}

/// The elements of `Forwarded` from the right; `None` for a line that is not text.
fn elements(headers: &HeaderMap) -> impl Iterator<Item = Option<&str>> {
    lines(headers).flat_map(|(_, text)| match text {
        Some(text) => rfc7239::elements(text)
            .into_iter()
            .rev()
            .map(Some)
            .collect(),
        None => vec![None],
    })
}

/// The lines of `Forwarded`, the last one first, also as text.
fn lines(headers: &HeaderMap) -> impl Iterator<Item = (&[u8], Option<&str>)> {
    let lines = headers.get_all(header::FORWARDED).iter().rev();
    lines.map(|line| (line.as_bytes(), std::str::from_utf8(line.as_bytes()).ok()))
}

/// The values of a list from the right, its lines taken together, empty ones left out, without quotes.
fn values<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> impl Iterator<Item = &'a [u8]> + use<'a> {
    values_as_written(headers, name).map(unquoted)
}

fn values_as_written<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> impl Iterator<Item = &'a [u8]> + use<'a> {
    let lines = headers.get_all(name).iter().rev();
    lines
        .flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii)
        .filter(|value| !unquoted(value).is_empty())
}

fn unquoted(value: &[u8]) -> &[u8] {
    match value {
        [b'"', inner @ .., b'"'] => inner,
        _ => value,
    }
}

/// A value as text; what is none becomes one that no part accepts.
fn text(value: &[u8]) -> &str {
    std::str::from_utf8(value).unwrap_or("?")
}
