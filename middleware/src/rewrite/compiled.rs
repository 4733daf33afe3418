use http::uri::PathAndQuery;
use http::{HeaderValue, Method, Request, StatusCode, Uri};
use regex::{Captures, Regex};
use transom::RequestExt;
use transom::features::{PathBase, Scheme};

use super::rule::{Action, Destination, Rule};
use super::template::{Group, Template};
use crate::host::Host;
use crate::target;

/// A rule that is valid.
#[derive(Debug)]
pub(super) struct Compiled {
    path: Option<Regex>,
    host: Option<Regex>,
    query: Option<Regex>,
    scheme: Option<Scheme>,
    methods: Vec<Method>,
    does: Does,
    pub(super) last: bool,
}

#[derive(Debug)]
enum Does {
    Rewrite(Template),
    Redirect(Template, StatusCode),
    Https(u16, StatusCode),
    Www(StatusCode),
    NonWww(StatusCode),
}

/// What becomes of a request by a rule that is for it.
#[derive(Debug)]
pub(super) enum Outcome {
    Rewritten(Uri),
    Redirected(StatusCode, HeaderValue),
    /// The groups make no target, or one that is too long.
    Impossible,
}

/// Which part of a rule is wrong, and why.
#[derive(Debug)]
pub(super) struct Mistake {
    pub(super) part: &'static str,
    pub(super) problem: String,
}

impl Compiled {
    pub(super) fn new(rule: Rule) -> Result<Self, Mistake> {
        let [path, host, query] = [
            ("match", rule.path),
            ("host", rule.host),
            ("query", rule.query),
        ]
        .map(|(part, pattern)| pattern.map(|pattern| regex(part, &pattern)).transpose());
        let (path, host, query) = (path?, host?, query?);
        let template = |part, text: &str| {
            let template = Template::parse(text, part == "redirect");
            template.map_err(|problem| Mistake { part, problem })
        };
        let does = match rule.action {
            Action::Rewrite(to) => Does::Rewrite(template("rewrite", &to)?),
            Action::Redirect(to, status) => {
                if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
                    let problem = format!(
                        "{} does not redirect; 301, 302, 303, 307 and 308 do",
                        status.as_u16()
                    );
                    return Err(Mistake {
                        part: "status",
                        problem,
                    });
                }
                match to {
                    Destination::To(to) => Does::Redirect(template("redirect", &to)?, status),
                    Destination::Https(port) => Does::Https(port, status),
                    Destination::Www => Does::Www(status),
                    Destination::NonWww => Does::NonWww(status),
                }
            }
        };
        let compiled = Self {
            path,
            host,
            query,
            scheme: rule.scheme,
            methods: rule.methods,
            does,
            last: rule.last,
        };
        compiled.check_groups()?;
        Ok(compiled)
    }

    fn check_groups(&self) -> Result<(), Mistake> {
        let (part, template) = match &self.does {
            Does::Rewrite(template) => ("rewrite", template),
            Does::Redirect(template, _) => ("redirect", template),
            Does::Https(..) | Does::Www(_) | Does::NonWww(_) => return Ok(()),
        };
        let patterns = || [&self.path, &self.host, &self.query].into_iter().flatten();
        for group in template.groups() {
            let problem = match group {
                Group::Number(number) => {
                    let groups = self.path.as_ref().map_or(1, Regex::captures_len);
                    if *number < groups {
                        continue;
                    }
                    let last = groups - 1;
                    format!("`${number}` is no group of the pattern of the path, which has {last}")
                }
                Group::Name(name) => {
                    let mut names =
                        patterns().flat_map(|pattern| pattern.capture_names().flatten());
                    if names.any(|known| known == name) {
                        continue;
                    }
                    format!("`${{{name}}}` is no group of the rule's patterns")
                }
            };
            return Err(Mistake { part, problem });
        }
        Ok(())
    }

    /// Returns what becomes of a request; `None` if the rule is not for it.
    pub(super) fn apply<B>(&self, request: &Request<B>) -> Option<Outcome> {
        if self.scheme.is_some() && target::scheme(request) != self.scheme {
            return None;
        }
        if !self.methods.is_empty() && !self.methods.contains(request.method()) {
            return None;
        }
        let uri = request.uri();
        let host = target::host(request).and_then(Host::parse);
        let name = host.map(|host| host.name.to_ascii_lowercase());
        let path = found(&self.path, Some(uri.path()))?;
        let query = found(&self.query, Some(uri.query().unwrap_or_default()))?;
        let of_host = found(&self.host, name.as_deref())?;
        let value = |group: &Group| {
            let all = [&path, &of_host, &query];
            let value = match group {
                Group::Number(number) => path.as_ref().and_then(|groups| groups.get(*number)),
                Group::Name(name) => all
                    .into_iter()
                    .flatten()
                    .find_map(|groups| groups.name(name)),
            };
            value.map_or("", |value| value.as_str())
        };
        let base = request.feature::<PathBase>().map_or("", PathBase::as_str);
        let scheme = target::scheme(request);
        let same_place = || uri.path_and_query().map_or("/", PathAndQuery::as_str);
        let (status, location) = match &self.does {
            Does::Rewrite(to) => {
                let path = to.path_and_query(value, uri.query());
                return Some(rewritten(uri, path));
            }
            Does::Redirect(to, status) if to.origin().is_empty() => {
                let path = [base, &to.path_and_query(value, uri.query())].concat();
                // With two, it would be a host, which the client has chosen.
                let path = path.trim_start_matches(['/', '\\']);
                (status, format!("/{path}"))
            }
            Does::Redirect(to, status) => {
                let path = to.path_and_query(value, uri.query());
                (status, [to.origin(), &path].concat())
            }
            Does::Https(..) if scheme != Some(Scheme::Http) => return None,
            Does::Https(port, status) => {
                let port = Some(*port).filter(|port| *port != 443);
                (
                    status,
                    place(Scheme::Https, &name?, port, base, same_place()),
                )
            }
            Does::Www(status) => {
                let name = name.filter(|name| may_have_www(name))?;
                let port = host.and_then(|host| host.port);
                let www = format!("www.{name}");
                (status, place(scheme?, &www, port, base, same_place()))
            }
            Does::NonWww(status) => {
                let name = name?;
                let name = name.strip_prefix("www.").filter(|name| !name.is_empty())?;
                let port = host.and_then(|host| host.port);
                (status, place(scheme?, name, port, base, same_place()))
            }
        };
        Some(match HeaderValue::try_from(location) {
            Ok(location) => Outcome::Redirected(*status, location),
            Err(_) => Outcome::Impossible,
        })
    }
}

fn regex(part: &'static str, pattern: &str) -> Result<Regex, Mistake> {
    Regex::new(pattern).map_err(|error| Mistake {
        part,
        problem: error.to_string(),
    })
}

/// Returns the groups; none without a pattern; `None` if the text is not there or does not match.
fn found<'t>(pattern: &Option<Regex>, text: Option<&'t str>) -> Option<Option<Captures<'t>>> {
    match pattern {
        None => Some(None),
        Some(pattern) => pattern.captures(text?).map(Some),
    }
}

fn rewritten(uri: &Uri, path: String) -> Outcome {
    let mut parts = uri.clone().into_parts();
    let Ok(path) = PathAndQuery::try_from(path) else {
        return Outcome::Impossible;
    };
    parts.path_and_query = Some(path);
    match Uri::from_parts(parts) {
        Ok(uri) => Outcome::Rewritten(uri),
        Err(_) => Outcome::Impossible,
    }
}

fn may_have_www(name: &str) -> bool {
    let address = name.starts_with('[') || name.parse::<std::net::Ipv4Addr>().is_ok();
    !address && name != "localhost" && !name.starts_with("www.")
}

fn place(scheme: Scheme, name: &str, port: Option<u16>, base: &str, path: &str) -> String {
    let port = port.map_or_else(String::new, |port| format!(":{port}"));
    format!("{scheme}://{name}{port}{base}{path}")
}
