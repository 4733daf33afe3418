use http::HeaderValue;

/// What an answer can be written as; the first is preferred.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Json,
    Html,
    Text,
}

impl Form {
    const ALL: [Self; 3] = [Self::Json, Self::Html, Self::Text];

    /// Media types that a client may name to get this form.
    fn media_types(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Json => &[("application", "problem+json"), ("application", "json")],
            Self::Html => &[("text", "html")],
            Self::Text => &[("text", "plain")],
        }
    }

    /// Returns the form with the most weight in these fields.
    pub(crate) fn preferred<'a>(accept: impl IntoIterator<Item = &'a HeaderValue>) -> Self {
        let lines = accept.into_iter().filter_map(|line| line.to_str().ok());
        let ranges: Vec<_> = lines.flat_map(elements).filter_map(Range::parse).collect();
        let mut best = (Self::Json, 0);
        for form in Self::ALL {
            let weights = form.media_types().iter().map(|of| weight(&ranges, *of));
            let weight = weights.max().unwrap_or(0);
            if weight > best.1 {
                best = (form, weight);
            }
        }
        best.0
    }
}

/// Returns the weight of the most specific range that has a media type.
fn weight(ranges: &[Range<'_>], (kind, subtype): (&str, &str)) -> u16 {
    let equal = |own: &str, other: &str| own == "*" || own.eq_ignore_ascii_case(other);
    let having = ranges
        .iter()
        .filter(|range| equal(range.kind, kind) && equal(range.subtype, subtype));
    let most_specific = having.max_by_key(|range| (range.kind != "*", range.subtype != "*"));
    most_specific.map_or(0, |range| range.weight)
}

/// Splits a list at the commas that are not in quotes.
fn elements(list: &str) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    list.split(move |c| {
        let was_escaped = std::mem::take(&mut escaped);
        match c {
            '"' if !was_escaped => quoted = !quoted,
            '\\' if quoted && !was_escaped => escaped = true,
            ',' if !quoted => return true,
            _ => {}
        }
        false
    })
}

struct Range<'a> {
    kind: &'a str,
    subtype: &'a str,
    /// In thousandths.
    weight: u16,
}

impl<'a> Range<'a> {
    /// Reads `text/html;level=1;q=0.5`. Parameters other than the weight do not count: no form here has any.
    fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let (kind, subtype) = parts.next()?.split_once('/')?;
        let weight =
            parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        let weight = match weight {
            Some(weight) => thousandths(weight)?,
            None => 1000,
        };
        Some(Self {
            kind,
            subtype,
            weight,
        })
    }
}

/// Reads a weight: `0`, `1.000`, `0.25`.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = fraction.bytes().all(|byte| byte.is_ascii_digit());
    if !matches!(whole, "0" | "1") || fraction.len() > 3 || !digits {
        return None;
    }
    let value: u16 = format!("{whole}{fraction:0<3}").parse().ok()?;
    (value <= 1000).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn preferred(lines: &[&'static str]) -> Form {
        let lines: Vec<_> = lines
            .iter()
            .copied()
            .map(HeaderValue::from_static)
            .collect();
        Form::preferred(&lines)
    }

    #[test]
    fn the_form_with_the_most_weight_is_taken() {
        for (accept, form) in [
            ("application/problem+json", Form::Json),
            ("application/json", Form::Json),
            ("text/html", Form::Html),
            ("TEXT/Plain", Form::Text),
            ("*/*", Form::Json),
            ("text/*", Form::Html),
            (
                "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8",
                Form::Html,
            ),
            ("text/html;q=0.5, text/plain;q=0.6", Form::Text),
            (
                "text/*;q=0.9, text/html;q=0, application/json;q=0.1",
                Form::Text,
            ),
            ("*/*, application/*;q=0", Form::Html),
            ("*/*;q=0.1, text/plain;q=0.100", Form::Json),
            (
                r#"text/plain;a=",text/html;q=1";q=0.1, text/html;q=0.2"#,
                Form::Html,
            ),
            (r#"text/plain;a="\",", text/html;q=0.2"#, Form::Text),
        ] {
            assert_eq!(preferred(&[accept]), form, "{accept}");
        }
        assert_eq!(
            preferred(&["text/plain;q=0.1", "text/html;q=0.2"]),
            Form::Html
        );
    }

    #[test]
    fn what_takes_nothing_here_or_cannot_be_read_gets_the_first() {
        for accept in [
            "",
            ",",
            "image/png",
            "text",
            "text/html;q=2",
            "text/html;q=0.1234",
            "text/html;q=",
            "text/html;q=-1",
            "*/*;q=0",
            "text/html;q=1.1",
            "text/html;q=0.+1",
        ] {
            assert_eq!(preferred(&[accept]), Form::Json, "{accept}");
        }
        assert_eq!(preferred(&[]), Form::Json);
    }
}
