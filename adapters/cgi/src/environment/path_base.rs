use http::Uri;
use http::uri::PathAndQuery;
use transom::features::{PathBase, ServerVariables};

/// What of a request's path is [`PathBase`], where the application is mounted, and not its path.
///
/// `SCRIPT_NAME` is what RFC 3875 has for it, and what most gateways fill with something else:
///
/// | gateway | `SCRIPT_NAME` | `PATH_INFO` |
/// |---|---|---|
/// | nginx, FastCGI | the whole path | none, unless configured |
/// | nginx, SCGI | none | none |
/// | nginx, uwsgi | none | the whole path |
/// | Apache, FastCGI and SCGI | the whole path | none |
/// | Apache, uwsgi | the path of `ProxyPass` | the rest |
/// | Apache and lighttpd, CGI | the path of the program | the rest |
/// | lighttpd, FastCGI, SCGI and uwsgi | the whole path | none |
/// | Caddy, FastCGI | the whole path | empty |
/// | HAProxy, FastCGI | as its `path-info` says | the rest |
///
/// So nothing is believed of it unless it is asked for. Either way
/// [`OriginalTarget`](transom::features::OriginalTarget) has what the client asked for.
///
/// A path base that is the same for every request is better written into the pipeline, as
/// `use_path_base("/app")`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum PathBaseSource {
    /// There is no path base; the path is the whole one.
    #[default]
    Nothing,
    /// `SCRIPT_NAME` is the path base, where the path that the client asked for begins with it and goes on with
    /// `PATH_INFO`. Where it does not, as after a rewrite, there is none.
    ScriptName,
}

impl PathBaseSource {
    /// Splits a target. Returns the path base in the target's own spelling, and what is left.
    pub(super) fn split(
        self,
        variables: &ServerVariables,
        target: &Uri,
    ) -> Option<(PathBase, Uri)> {
        let of = |name| variables.get(name).map_or(&[][..], |value| value);
        let base = match self {
            Self::Nothing => return None,
            Self::ScriptName => of("SCRIPT_NAME"),
        };
        let base = base.strip_suffix(b"/").unwrap_or(base);
        let at = encoded_length(target.path(), base)?;
        let (base, rest) = target.path().split_at_checked(at)?;
        if base.is_empty() || !(rest.is_empty() || rest.starts_with('/')) {
            return None;
        }
        let path_info = of("PATH_INFO");
        if !path_info.is_empty() && encoded_length(rest, path_info)? != rest.len() {
            return None;
        }
        let slash = if rest.is_empty() { "/" } else { "" };
        let (mark, query) = target.query().map_or(("", ""), |query| ("?", query));
        let left = PathAndQuery::try_from([slash, rest, mark, query].concat()).ok()?;
        Some((PathBase::new(base).ok()?, Uri::from(left)))
    }
}

/// Returns how many bytes of `path`, which is percent-encoded, are `decoded`.
fn encoded_length(path: &str, decoded: &[u8]) -> Option<usize> {
    let path = path.as_bytes();
    let mut at = 0;
    for expected in decoded {
        let digit = |at: usize| path.get(at).and_then(|byte| (*byte as char).to_digit(16));
        let byte = *path.get(at)?;
        let (byte, length) = match (byte, digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => ((high * 16 + low) as u8, 3),
            _ => (byte, 1),
        };
        if byte != *expected {
            return None;
        }
        at += length;
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(target: &'static str, script: &'static str, info: &'static str) -> String {
        let variables = [("SCRIPT_NAME", script), ("PATH_INFO", info)];
        let target = Uri::from_static(target);
        match PathBaseSource::ScriptName.split(&variables.into_iter().collect(), &target) {
            Some((base, left)) => format!("{base} {left}"),
            None => String::new(),
        }
    }

    #[test]
    fn the_name_of_the_script_is_taken_off_in_the_clients_spelling() {
        assert_eq!(split("/app/x?q", "/app", "/x"), "/app /x?q");
        assert_eq!(split("/app", "/app", ""), "/app /");
        assert_eq!(split("/app/", "/app", "/"), "/app /");
        assert_eq!(split("/%61pp/a%2Fb", "/app", "/a/b"), "/%61pp /a%2Fb");
        assert_eq!(split("/a%20b/x", "/a b", "/x"), "/a%20b /x");
        assert_eq!(split("/app/x", "/app/", "/x"), "/app /x");
    }

    #[test]
    fn what_is_not_at_the_start_of_the_path_is_no_base() {
        assert_eq!(split("/x", "/app", "/x"), "");
        assert_eq!(split("/apple", "/app", ""), "");
        assert_eq!(split("/app/x", "/app", "/y"), "");
        assert_eq!(split("/app/x/y", "/app", "/x"), "");
        assert_eq!(split("/x", "", "/x"), "");
        assert_eq!(split("/x", "/", "/x"), "");
        assert_eq!(split("*", "/app", ""), "");
    }

    #[test]
    fn nothing_is_taken_off_unasked() {
        let variables = [("SCRIPT_NAME", "/app")].into_iter().collect();
        let target = Uri::from_static("/app/x");
        assert_eq!(PathBaseSource::default().split(&variables, &target), None);
    }
}
