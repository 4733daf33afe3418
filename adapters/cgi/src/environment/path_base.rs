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
/// | Apache, AJP | none, unless `AJP_SCRIPT_NAME` is set in its environment | none |
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
        if !path_info.is_empty() && !spells(rest, path_info) {
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
    let mut at = 0;
    for expected in decoded {
        let (byte, length) = first(path.as_bytes().get(at..)?)?;
        if byte != *expected {
            return None;
        }
        at += length;
    }
    Some(at)
}

/// Returns whether a path, which is percent-encoded, is what a gateway calls `path_info`: decoded, by Apache with
/// `AllowEncodedSlashes NoDecode` all but the slashes, and by most with one slash for several.
fn spells(path: &str, path_info: &[u8]) -> bool {
    let merged = |mut path: Vec<u8>| {
        path.dedup_by(|one, other| (*one, *other) == (b'/', b'/'));
        path
    };
    let path_info = merged(path_info.to_vec());
    [true, false]
        .into_iter()
        .any(|slashes| merged(decode(path.as_bytes(), slashes)) == path_info)
}

/// Decodes a path, with its slashes or without.
fn decode(mut path: &[u8], slashes: bool) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(path.len());
    while let Some((byte, length)) = first(path) {
        let (spelled, rest) = path.split_at(length);
        match byte {
            b'/' if !slashes => decoded.extend_from_slice(spelled),
            _ => decoded.push(byte),
        }
        path = rest;
    }
    decoded
}

/// Returns the first byte of a path, decoded, and the length of what it is written with.
fn first(path: &[u8]) -> Option<(u8, usize)> {
    let digit = |at: usize| path.get(at).and_then(|byte| (*byte as char).to_digit(16));
    Some(match (*path.first()?, digit(1), digit(2)) {
        (b'%', Some(high), Some(low)) => ((high * 16 + low) as u8, 3),
        (byte, _, _) => (byte, 1),
    })
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
    fn slashes_may_be_told_otherwise_than_they_came() {
        assert_eq!(split("/app/a%2fb//c", "/app", "/a/b/c"), "/app /a%2fb//c");
        assert_eq!(split("/app/a%2fb//c", "/app", "/a%2fb/c"), "/app /a%2fb//c");
        assert_eq!(split("/app//c", "/app", "//c"), "/app //c");
        assert_eq!(split("/app/a%252Fb", "/app", "/a%2Fb"), "/app /a%252Fb");
        assert_eq!(split("/app/a%252Fb", "/app", "/a/b"), "");
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
