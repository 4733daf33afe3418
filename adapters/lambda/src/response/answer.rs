use std::borrow::Cow;
use std::collections::BTreeMap;

use http::{HeaderMap, HeaderName, HeaderValue, header};
use serde::Serialize;

use crate::event::Form;

/// How a response leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// All at once, as JSON.
    Buffered(Form),
    /// The head as JSON, the body as it comes.
    Streamed(Form),
}

/// The fields of a response's head, which each form has elsewhere.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Fields<'r> {
    headers: BTreeMap<Cow<'r, str>, Cow<'r, str>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    multi_value_headers: BTreeMap<&'r str, Vec<Cow<'r, str>>>,
    /// There even if empty where it is known: there are readers that want it.
    #[serde(skip_serializing_if = "Option::is_none")]
    cookies: Option<Vec<Cow<'r, str>>>,
}

impl<'r> Fields<'r> {
    pub(super) fn of(form: Form, headers: &'r HeaderMap) -> Self {
        let mut fields = Self {
            cookies: (form == Form::Two).then(Vec::new),
            ..Self::default()
        };
        for name in headers.keys() {
            let mut values = headers.get_all(name).iter().map(text);
            match form {
                Form::Two if *name == header::SET_COOKIE => fields.cookies = Some(values.collect()),
                Form::Two => fields.join(name, values),
                Form::One | Form::LoadBalancer { lists: true } => {
                    let name = name.as_str();
                    fields.multi_value_headers.insert(name, values.collect());
                }
                Form::LoadBalancer { lists: false } if *name == header::SET_COOKIE => {
                    // No two names of an object are the same, and these cannot be joined.
                    for (spelling, value) in spellings(name).zip(&mut values) {
                        fields.headers.insert(spelling.into(), value);
                    }
                }
                Form::LoadBalancer { lists: false } => fields.join(name, values),
            }
        }
        fields
    }

    /// RFC 9110, section 5.3: one field whose values are joined says the same.
    fn join(&mut self, name: &'r HeaderName, mut values: impl Iterator<Item = Cow<'r, str>>) {
        let mut joined = values.next().unwrap_or_default();
        for value in values {
            joined = Cow::Owned([&*joined, ", ", &*value].concat());
        }
        self.headers.insert(name.as_str().into(), joined);
    }
}

/// Returns a value as JSON can have it. What is not UTF-8 is Latin-1, which RFC 9110, section 5.5, says it was.
fn text(value: &HeaderValue) -> Cow<'_, str> {
    match std::str::from_utf8(value.as_bytes()) {
        Ok(text) => text.into(),
        Err(_) => value.as_bytes().iter().copied().map(char::from).collect(),
    }
}

/// Returns the name in all the ways that capitals allow: names of fields have no case.
fn spellings(name: &HeaderName) -> impl Iterator<Item = String> {
    let letters = name
        .as_str()
        .bytes()
        .filter(u8::is_ascii_alphabetic)
        .count();
    (0..1_u64 << letters.min(20)).map(|capitals| {
        let mut letter = 0;
        let spell = |char: char| {
            if !char.is_ascii_alphabetic() {
                return char;
            }
            letter += 1;
            match capitals >> (letter - 1) & 1 {
                1 => char.to_ascii_uppercase(),
                _ => char,
            }
        };
        name.as_str().chars().map(spell).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(form: Form) -> String {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("set-cookie", "a=1"),
            ("x-b", "1"),
            ("set-cookie", "b=2"),
            ("x-b", "2"),
        ] {
            headers.append(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
        serde_json::to_string(&Fields::of(form, &headers)).unwrap_or_default()
    }

    #[test]
    fn no_cookie_is_lost_in_any_form() {
        assert_eq!(
            json(Form::Two),
            r#"{"headers":{"x-b":"1, 2"},"cookies":["a=1","b=2"]}"#
        );
        assert_eq!(
            json(Form::One),
            r#"{"headers":{},"multiValueHeaders":{"set-cookie":["a=1","b=2"],"x-b":["1","2"]}}"#
        );
        assert_eq!(
            json(Form::LoadBalancer { lists: false }),
            r#"{"headers":{"Set-cookie":"b=2","set-cookie":"a=1","x-b":"1, 2"}}"#
        );
    }
}
