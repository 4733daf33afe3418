//! The grammar of the `Forwarded` field.

use std::borrow::Cow;

use super::ForwardedPart;

/// What one proxy said, by [`ForwardedPart::index`]; empty where it said nothing.
pub(super) type Values<'a> = [Cow<'a, str>; 4];

/// Returns the elements of one line of the field, in order, as they are written. A line whose quotes do
/// not close is one element, which is malformed.
pub(super) fn elements(line: &str) -> Vec<&str> {
    let elements = split(line, ',').unwrap_or_else(|| vec![line]);
    elements
        .into_iter()
        .map(str::trim)
        .filter(|element| !element.is_empty())
        .collect()
}

/// Reads one element; `None` if it is malformed or says a thing twice.
pub(super) fn parse(element: &str) -> Option<Values<'_>> {
    let mut values = Values::default();
    for pair in split(element, ';')?.into_iter().map(str::trim) {
        if pair.is_empty() {
            continue;
        }
        let (name, value) = pair.split_once('=')?;
        if name.is_empty() || !name.bytes().all(is_token) {
            return None;
        }
        let value = unquote(value)?;
        let part = match name {
            _ if name.eq_ignore_ascii_case("for") => ForwardedPart::For,
            _ if name.eq_ignore_ascii_case("host") => ForwardedPart::Host,
            _ if name.eq_ignore_ascii_case("proto") => ForwardedPart::Proto,
            _ => continue,
        };
        let known = &mut values[part.index()];
        if !known.is_empty() || value.is_empty() {
            return None;
        }
        *known = value;
    }
    Some(values)
}

/// Splits a text outside of its quotes; `None` if they do not close.
fn split(text: &str, at: char) -> Option<Vec<&str>> {
    let (mut quoted, mut escaped) = (false, false);
    let parts = text
        .split(|c: char| {
            match c {
                _ if escaped => escaped = false,
                '\\' if quoted => escaped = true,
                '"' => quoted = !quoted,
                _ => {}
            }
            c == at && !quoted
        })
        .collect();
    (!quoted).then_some(parts)
}

/// Returns what a value means. Addresses without their quotes are common, so that what stands without may
/// hold more than a token.
fn unquote(value: &str) -> Option<Cow<'_, str>> {
    let Some(rest) = value.strip_prefix('"') else {
        let plain = !value.contains(['"', '\\', ' ', '\t']);
        return plain.then_some(Cow::Borrowed(value));
    };
    let quoted = rest.strip_suffix('"')?;
    if !quoted.contains(['\\', '"']) {
        return Some(Cow::Borrowed(quoted));
    }
    let mut text = String::with_capacity(quoted.len());
    let mut chars = quoted.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => return None,
            '\\' => text.push(chars.next()?),
            c => text.push(c),
        }
    }
    Some(Cow::Owned(text))
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Vec<Option<[String; 3]>> {
        let owned = |values: Values<'_>| {
            let [client, host, proto, prefix] = values.map(Cow::into_owned);
            assert_eq!(prefix, "", "the field has none");
            [client, host, proto]
        };
        elements(line)
            .into_iter()
            .map(|element| parse(element).map(owned))
            .collect()
    }

    fn said(client: &str, host: &str, proto: &str) -> Option<[String; 3]> {
        Some([client, host, proto].map(String::from))
    }

    #[test]
    fn elements_pairs_quotes_and_escapes_are_read() {
        assert_eq!(
            read(
                r#"For="[2001:db8:cafe::17]:4711";proto=http; HOST=a.b ,, for=192.0.2.60;by=203.0.113.43"#
            ),
            [
                said("[2001:db8:cafe::17]:4711", "a.b", "http"),
                said("192.0.2.60", "", "")
            ]
        );
        assert_eq!(read(r#"for="_a,b;c";x="\"""#), [said("_a,b;c", "", "")]);
        assert_eq!(read(r#"host="a\b\"c""#), [said("", "ab\"c", "")]);
        assert_eq!(read(";for=a;"), [said("a", "", "")]);
        assert_eq!(read("for=1.2.3.4:80"), [said("1.2.3.4:80", "", "")]);
        assert_eq!(read(" , ,"), []);
    }

    #[test]
    fn malformed_elements_are_told_from_empty_ones() {
        for element in [
            "for",
            "=a",
            "for =a",
            "for= a",
            "for=",
            r#"for="""#,
            "for=a;for=b",
            r#"for="a"b"#,
            r#"for=a"b"#,
            r#"for="a"#,
            r#"for="a\""#,
            r#"for="\"#,
            r#"f(r=a"#,
            "secret",
        ] {
            assert_eq!(read(element), [None], "{element}");
        }
    }

    #[test]
    fn a_quote_that_does_not_close_makes_one_element_of_its_line() {
        assert_eq!(read(r#"for=a, for="b, for=c"#), [None]);
    }
}
