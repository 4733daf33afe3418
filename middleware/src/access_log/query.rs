use std::borrow::Cow;
use std::sync::Arc;

/// What becomes of the query of a URL.
#[derive(Clone, Debug, Default)]
pub(super) enum Query {
    #[default]
    Logged,
    LeftOut,
    /// The values of these parameters are not shown.
    Masked(Arc<[String]>),
}

pub(super) const MASK: &str = "***";

impl Query {
    /// Returns a URL, or a part of one, as it may be logged.
    pub(super) fn of<'u>(&self, url: &'u [u8]) -> Cow<'u, [u8]> {
        let Some(mark) = url.iter().position(|byte| *byte == b'?') else {
            return url.into();
        };
        let names = match self {
            Self::Logged => return url.into(),
            Self::LeftOut => return url[..mark].into(),
            Self::Masked(names) => names,
        };
        let mut masked = url[..=mark].to_vec();
        for (at, parameter) in url[mark + 1..].split(|byte| *byte == b'&').enumerate() {
            if at > 0 {
                masked.push(b'&');
            }
            match parameter.iter().position(|byte| *byte == b'=') {
                Some(end) if is_one_of(&parameter[..end], names) => {
                    masked.extend_from_slice(&parameter[..=end]);
                    masked.extend_from_slice(MASK.as_bytes());
                }
                _ => masked.extend_from_slice(parameter),
            }
        }
        masked.into()
    }
}

/// As a form has it: `%74oken` is `token`.
fn is_one_of(written: &[u8], names: &[String]) -> bool {
    form_urlencoded::parse(written)
        .next()
        .is_some_and(|(name, _)| names.iter().any(|other| other.eq_ignore_ascii_case(&name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_logged_or_left_out_or_masked() {
        let masked = Query::Masked(["token".to_owned(), "a b".to_owned()].into());
        let of = |query: &Query, url: &str| {
            String::from_utf8_lossy(&query.of(url.as_bytes())).into_owned()
        };
        for (url, without, with_mask) in [
            ("/", "/", "/"),
            ("/?", "/", "/?"),
            ("/a?b=c", "/a", "/a?b=c"),
            ("/?token=x", "/", "/?token=***"),
            ("/?a=1&TOKEN=x&b", "/", "/?a=1&TOKEN=***&b"),
            ("/?%74oken=x=y&tokens=1", "/", "/?%74oken=***&tokens=1"),
            ("/?a+b=x&a%20b=y", "/", "/?a+b=***&a%20b=***"),
            ("/?token", "/", "/?token"),
            ("/?token=x?token=y", "/", "/?token=***"),
            ("/?&&=&token=", "/", "/?&&=&token=***"),
            ("http://h/?token=x#y", "http://h/", "http://h/?token=***"),
        ] {
            assert_eq!(of(&Query::Logged, url), url);
            assert_eq!(of(&Query::LeftOut, url), without);
            assert_eq!(of(&masked, url), with_mask);
        }
    }
}
