use std::fmt::Write as _;

use http::uri::PathAndQuery;

/// What a path is replaced by: `/new/${name}?id=$1`, or the URL of another host.
#[derive(Debug)]
pub(super) struct Template {
    /// `https://example.com`; empty for a path.
    origin: String,
    path: Vec<Part>,
    query: Option<Vec<Part>>,
}

#[derive(Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Group(Group),
}

/// A group of a pattern.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Group {
    Number(usize),
    Name(String),
}

impl Template {
    /// Reads a replacement. An origin in front is for redirections alone.
    pub(super) fn parse(text: &str, with_origin: bool) -> Result<Self, String> {
        let (origin, rest) = match with_origin {
            true => split_origin(text)?,
            false => ("", text),
        };
        // A group before the path would have a client choose the host.
        if !rest.starts_with('/') {
            let or = if with_origin {
                ", or a URL like `https://example.com/path`"
            } else {
                ""
            };
            return Err(format!(
                "`{text}` is no replacement: write a path like `/path/$1`{or}, with a `/` before the first group"
            ));
        }
        let (path, query) = match rest.split_once('?') {
            Some((path, query)) => (path, Some(parts(query)?)),
            None => (rest, None),
        };
        let template = Self {
            origin: origin.to_owned(),
            path: parts(path)?,
            query,
        };
        let sample = template.path_and_query(|_| "", None);
        match sample.parse::<PathAndQuery>().is_ok() && !text.contains('#') {
            true => Ok(template),
            false => Err(format!(
                "`{text}` is no replacement: it has what no path or query has; percent-encode that"
            )),
        }
    }

    /// Returns the groups that are referred to.
    pub(super) fn groups(&self) -> impl Iterator<Item = &Group> {
        let parts = self.path.iter().chain(self.query.iter().flatten());
        parts.filter_map(|part| match part {
            Part::Group(group) => Some(group),
            Part::Text(_) => None,
        })
    }

    pub(super) fn origin(&self) -> &str {
        &self.origin
    }

    /// Returns the path and the query for these groups; the query of the request comes last.
    pub(super) fn path_and_query<'v>(
        &self,
        value: impl Fn(&Group) -> &'v str,
        query: Option<&str>,
    ) -> String {
        let mut text = String::new();
        for part in &self.path {
            match part {
                Part::Text(part) => text += part,
                // Of a query, where it means nothing.
                Part::Group(group) => text += &value(group).replace('?', "%3F"),
            }
        }
        let mut mark = '?';
        if let Some(own) = &self.query {
            text.push(mark);
            mark = '&';
            for part in own {
                text += match part {
                    Part::Text(part) => part,
                    Part::Group(group) => value(group),
                };
            }
        }
        if let Some(query) = query {
            let _ = write!(text, "{mark}{query}");
        }
        text
    }
}

/// Splits `https://example.com:1` off, if that is there.
fn split_origin(text: &str) -> Result<(&str, &str), String> {
    let lower = text.to_ascii_lowercase();
    let Some(scheme) = ["https://", "http://"]
        .into_iter()
        .find(|scheme| lower.starts_with(scheme))
    else {
        return Ok(("", text));
    };
    let end = text[scheme.len()..].find(['/', '?', '#', '$']);
    let end = end.map_or(text.len(), |end| scheme.len() + end);
    let (origin, rest) = text.split_at(end);
    let host = &origin[scheme.len()..];
    match crate::host::Host::parse(host) {
        Some(_) if rest.is_empty() => Ok((origin, "/")),
        Some(_) => Ok((origin, rest)),
        None => Err(format!("`{text}` is no replacement: `{host}` is no host")),
    }
}

/// Reads text with `$1`, `${name}` and `$$`.
fn parts(text: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        if !before.is_empty() {
            parts.push(Part::Text(before.to_owned()));
        }
        let digits = after.len() - after.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let part;
        (part, rest) = if let Some(rest) = after.strip_prefix('$') {
            (Part::Text("$".into()), rest)
        } else if digits > 0 {
            (group(&after[..digits])?, &after[digits..])
        } else if let Some((name, rest)) = after
            .strip_prefix('{')
            .and_then(|after| after.split_once('}'))
        {
            (group(name)?, rest)
        } else {
            return Err(format!(
                "a `$` in `{text}` stands for nothing: write `$1`, `${{name}}`, or `$$` for itself"
            ));
        };
        parts.push(part);
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest.to_owned()));
    }
    Ok(parts)
}

fn group(name: &str) -> Result<Part, String> {
    let digits = name.bytes().all(|byte| byte.is_ascii_digit());
    Ok(Part::Group(match digits && !name.is_empty() {
        true => Group::Number(
            name.parse()
                .map_err(|_| format!("there is no group {name}"))?,
        ),
        false => Group::Name(name.to_owned()),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str, query: Option<&str>) -> String {
        let template = Template::parse(text, true).unwrap();
        let value = |group: &Group| match group {
            Group::Number(1) => "one",
            Group::Name(name) if name == "n" => "a?b/c",
            _ => "",
        };
        template.origin().to_owned() + &template.path_and_query(value, query)
    }

    #[test]
    fn groups_are_filled_in_and_the_query_of_the_request_comes_last() {
        for (text, expected) in [
            ("/", "/?q"),
            ("/a", "/a?q"),
            ("/a/$1", "/a/one?q"),
            ("/a${1}0?b=$1&c=$$1", "/aone0?b=one&c=$1&q"),
            ("/$2x", "/x?q"),
            ("/${n}?${n}", "/a%3Fb/c?a?b/c&q"),
            ("https://example.com:1", "https://example.com:1/?q"),
            ("HTTP://example.com/$1", "HTTP://example.com/one?q"),
        ] {
            assert_eq!(filled(text, Some("q")), expected, "{text}");
        }
        assert_eq!(filled("/a?b", None), "/a?b");
        assert_eq!(filled("/a", None), "/a");
    }

    #[test]
    fn what_is_no_replacement_says_why() {
        for (text, expected) in [
            ("", "write a path like `/path/$1`, or a URL"),
            ("a", "write a path like"),
            ("$1", "with a `/` before the first group"),
            ("https://example.com$1", "with a `/` before the first group"),
            ("https://$1/", "`` is no host"),
            ("https://a@b/", "`a@b` is no host"),
            ("https://example.com?a", "write a path like"),
            (
                "//example.com$",
                "a `$` in `//example.com$` stands for nothing",
            ),
            ("/${a", "stands for nothing"),
            ("/a b", "percent-encode that"),
            ("/a#b", "percent-encode that"),
            ("/$99999999999999999999", "there is no group"),
        ] {
            let error = Template::parse(text, true).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
        Template::parse("https://example.com/", false).unwrap_err();
    }
}
