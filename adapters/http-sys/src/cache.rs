use std::time::{Duration, SystemTime};

use http::{HeaderMap, header};

/// For how many seconds the kernel may answer with a response by itself; `None` if it may not.
///
/// It has to be public, to say how long it is fresh, and to be the same for everybody: no cookie, no `Vary`, no
/// `Pragma`.
pub(crate) fn seconds_to_live(headers: &HeaderMap, now: SystemTime) -> Option<u32> {
    let barred = [header::SET_COOKIE, header::VARY, header::PRAGMA];
    if barred.iter().any(|name| headers.contains_key(name)) {
        return None;
    }
    let mut public = false;
    let (mut shared, mut any) = (None, None);
    for directive in directives(headers) {
        let (name, value) = match directive.split_once('=') {
            Some((name, value)) => (name.trim(), value.trim().trim_matches('"')),
            None => (directive, ""),
        };
        let seconds = || value.parse::<u32>().ok();
        match () {
            () if name.eq_ignore_ascii_case("public") => public = true,
            () if name.eq_ignore_ascii_case("s-maxage") => shared = shared.or_else(seconds),
            () if name.eq_ignore_ascii_case("max-age") => any = any.or_else(seconds),
            () if ["private", "no-cache", "no-store"]
                .iter()
                .any(|bars| name.eq_ignore_ascii_case(bars)) =>
            {
                return None;
            }
            () => {}
        }
    }
    let seconds = shared.or(any).or_else(|| until_expired(headers, now))?;
    (public && seconds > 0).then_some(seconds)
}

fn directives(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let values = headers.get_all(header::CACHE_CONTROL).into_iter();
    values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(',').map(str::trim))
}

fn until_expired(headers: &HeaderMap, now: SystemTime) -> Option<u32> {
    let expires = headers.get(header::EXPIRES)?.to_str().ok()?;
    let left: Duration = httpdate::parse_http_date(expires)
        .ok()?
        .duration_since(now)
        .ok()?;
    Some(u32::try_from(left.as_secs()).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live(fields: &[(&'static str, &str)]) -> Option<u32> {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, value.parse().unwrap());
        }
        seconds_to_live(&headers, SystemTime::UNIX_EPOCH)
    }

    #[test]
    fn what_is_public_and_fresh_may_be_cached() {
        for (value, seconds) in [
            ("public, max-age=60", Some(60)),
            ("public, max-age=60, s-maxage=30", Some(30)),
            ("Public,S-MaxAge=\"30\"", Some(30)),
            ("max-age=60", None),
            ("public", None),
            ("public, max-age=0", None),
            ("public, max-age=soon", None),
            ("public, max-age=60, no-store", None),
            ("private, max-age=60", None),
        ] {
            assert_eq!(live(&[("cache-control", value)]), seconds, "{value}");
        }
    }

    #[test]
    fn expires_counts_where_no_age_is_given() {
        let hour = "Thu, 01 Jan 1970 01:00:00 GMT";
        let public = ("cache-control", "public");
        assert_eq!(live(&[public, ("expires", hour)]), Some(3600));
        let aged = ("cache-control", "public, max-age=5");
        assert_eq!(live(&[aged, ("expires", hour)]), Some(5));
        assert_eq!(live(&[public, ("expires", "never")]), None);
    }

    #[test]
    fn what_differs_between_clients_is_not() {
        let public = ("cache-control", "public, max-age=60");
        for other in [("set-cookie", "a=b"), ("vary", "accept"), ("pragma", "x")] {
            assert_eq!(live(&[public, other]), None, "{other:?}");
        }
    }
}
