//! Rules in TOML.

use std::ops::Range;

use http::{Method, StatusCode};
use serde::Deserialize;
use toml::Spanned;
use transom::features::Scheme;

use super::compiled::{Compiled, Mistake};
use super::rule::{Action, Destination, Rule};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    rule: Vec<Spanned<Entry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Entry {
    r#match: Option<Spanned<String>>,
    host: Option<Spanned<String>>,
    query: Option<Spanned<String>>,
    scheme: Option<Spanned<String>>,
    methods: Option<Spanned<Vec<String>>>,
    rewrite: Option<Spanned<String>>,
    redirect: Option<Spanned<String>>,
    redirect_to: Option<Spanned<String>>,
    port: Option<Spanned<u16>>,
    status: Option<Spanned<u16>>,
    last: Option<Spanned<bool>>,
}

/// Reads rules; an error is the line and what is wrong there.
pub(super) fn read(text: &str) -> Result<Vec<Compiled>, (usize, String)> {
    let line = |span: Range<usize>| 1 + text[..span.start.min(text.len())].matches('\n').count();
    let file: File = toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, line);
        (line, error.message().to_owned())
    })?;
    let mut rules = Vec::with_capacity(file.rule.len());
    for entry in file.rule {
        let whole = entry.span();
        let entry = entry.into_inner();
        let spans = entry.spans();
        let compiled = entry.into_rule().and_then(Compiled::new);
        rules.push(compiled.map_err(|mistake| {
            let own = spans.iter().find(|(part, _)| *part == mistake.part);
            let span = own.and_then(|(_, span)| span.clone()).unwrap_or(whole);
            (
                line(span),
                format!("`{}`: {}", mistake.part, mistake.problem),
            )
        })?);
    }
    Ok(rules)
}

impl Entry {
    /// Returns where each key is.
    fn spans(&self) -> [(&'static str, Option<Range<usize>>); 11] {
        fn of<T>(value: &Option<Spanned<T>>) -> Option<Range<usize>> {
            value.as_ref().map(Spanned::span)
        }
        [
            ("match", of(&self.r#match)),
            ("host", of(&self.host)),
            ("query", of(&self.query)),
            ("scheme", of(&self.scheme)),
            ("methods", of(&self.methods)),
            ("rewrite", of(&self.rewrite)),
            ("redirect", of(&self.redirect)),
            ("redirect-to", of(&self.redirect_to)),
            ("port", of(&self.port)),
            ("status", of(&self.status)),
            ("last", of(&self.last)),
        ]
    }

    fn into_rule(self) -> Result<Rule, Mistake> {
        let port = self.port.map(Spanned::into_inner);
        let rule = match (self.rewrite, self.redirect, self.redirect_to) {
            (Some(to), None, None) => Rule::new(None, Action::Rewrite(to.into_inner())),
            (None, Some(to), None) => {
                let to = Destination::To(to.into_inner());
                Rule::new(None, Action::Redirect(to, StatusCode::FOUND))
            }
            (None, None, Some(to)) => match &**to.get_ref() {
                "https" => Rule::redirect_to_https_port(port.unwrap_or(443)),
                "www" => Rule::redirect_to_www(),
                "non-www" => Rule::redirect_to_non_www(),
                other => {
                    let problem = format!("`{other}` is none of `https`, `www` and `non-www`");
                    return mistake("redirect-to", problem);
                }
            },
            (None, None, None) => {
                return mistake(
                    "rule",
                    "it does nothing: add `rewrite`, `redirect` or `redirect-to`",
                );
            }
            _ => {
                return mistake(
                    "rule",
                    "it has more than one of `rewrite`, `redirect` and `redirect-to`",
                );
            }
        };
        let to_https = matches!(rule.action, Action::Redirect(Destination::Https(_), _));
        match port {
            Some(_) if !to_https => {
                return mistake("port", "only `redirect-to = \"https\"` has a port");
            }
            Some(0) => return mistake("port", "it is from 1 to 65535"),
            _ => {}
        }
        let rule = match (&rule.action, self.status) {
            (_, None) => rule,
            (Action::Rewrite(_), Some(_)) => return mistake("status", "a rewrite has none"),
            (Action::Redirect(..), Some(status)) => match StatusCode::from_u16(status.into_inner())
            {
                Ok(status) => rule.with_status(status),
                Err(_) => return mistake("status", "it is none of HTTP"),
            },
        };
        let needs_path = matches!(
            rule.action,
            Action::Rewrite(_) | Action::Redirect(Destination::To(_), _)
        );
        if needs_path && self.r#match.is_none() {
            return mistake(
                "rule",
                "it has no `match`, the pattern of the path; `''` is every path",
            );
        }
        let methods = self.methods.map(Spanned::into_inner).unwrap_or_default();
        let methods: Result<_, _> = methods
            .iter()
            .map(|name| Method::from_bytes(name.as_bytes()))
            .collect();
        let Ok(methods) = methods else {
            return mistake("methods", "one of them is no method");
        };
        let scheme = match self.scheme.as_ref().map(|scheme| &**scheme.get_ref()) {
            None => None,
            Some("http") => Some(Scheme::Http),
            Some("https") => Some(Scheme::Https),
            Some(_) => return mistake("scheme", "it is neither `http` nor `https`"),
        };
        Ok(Rule {
            path: self.r#match.map(Spanned::into_inner),
            host: self.host.map(Spanned::into_inner),
            query: self.query.map(Spanned::into_inner),
            scheme,
            methods,
            last: self.last.is_some_and(Spanned::into_inner),
            ..rule
        })
    }
}

fn mistake<T>(part: &'static str, problem: impl Into<String>) -> Result<T, Mistake> {
    let problem = problem.into();
    Err(Mistake { part, problem })
}
