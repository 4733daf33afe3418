//! The target of a request, in the forms of RFC 9112, section 3.2.

use super::authority::Authority;
use super::head::Method;
use super::refusal::Refusal;

/// Checks that a target has a form that its method takes. `special` says that it has bytes that hyper does
/// not take everywhere.
#[inline]
pub(super) fn check(method: Method, target: &[u8], special: bool) -> Result<(), Refusal> {
    if method == Method::Connect {
        return check_authority(target);
    }
    match target {
        [b'/', ..] if !special => Ok(()),
        [b'/', ..] => check_special(target),
        _ => check_other(method, target),
    }
}

/// RFC 9110, section 9.3.6: an empty or invalid port is refused.
fn check_authority(target: &[u8]) -> Result<(), Refusal> {
    let names = |authority: Authority<'_>| {
        let port = authority.port.unwrap_or_default();
        !authority.host.is_empty() && port.iter().any(|digit| *digit != b'0')
    };
    match Authority::parse(target).is_some_and(names) {
        true => Ok(()),
        false => Err(Refusal::bad("the target of CONNECT is no host and port")),
    }
}

#[cold]
fn check_other(method: Method, target: &[u8]) -> Result<(), Refusal> {
    if target == b"*" {
        return match method {
            Method::Options => Ok(()),
            _ => Err(Refusal::not_allowed(
                "OPTIONS",
                "the target `*` is for OPTIONS",
            )),
        };
    }
    let Some(rest) = after_scheme(target) else {
        let authority = Authority::parse(target);
        return Err(match authority.and_then(|authority| authority.port) {
            Some([_, ..]) => Refusal::not_allowed("CONNECT", "a host as target is for CONNECT"),
            _ => Refusal::bad("the target is neither a path nor a URI of http or https"),
        });
    };
    let end = rest.iter().position(|byte| matches!(byte, b'/' | b'?'));
    let (authority, path) = rest.split_at(end.unwrap_or(rest.len()));
    // RFC 9110, sections 4.2.1 and 4.2.4: no host is invalid, and user information is an attack.
    match Authority::parse(authority) {
        Some(authority) if !authority.host.is_empty() => check_special(path),
        _ => Err(Refusal::bad(
            "the URI that is the target has no valid host and port",
        )),
    }
}

fn after_scheme(target: &[u8]) -> Option<&[u8]> {
    ["http://", "https://"].into_iter().find_map(|scheme| {
        let (begin, rest) = target.split_at_checked(scheme.len())?;
        begin
            .eq_ignore_ascii_case(scheme.as_bytes())
            .then_some(rest)
    })
}

/// What hyper cannot represent: `"` in a query, and a grave accent in a path.
#[cold]
fn check_special(target: &[u8]) -> Result<(), Refusal> {
    let query = (target.iter().position(|byte| *byte == b'?')).unwrap_or(target.len());
    let (path, query) = target.split_at(query);
    match path.contains(&b'`') || query.contains(&b'"') {
        true => Err(Refusal::bad("a byte of the target has to be escaped")),
        false => Ok(()),
    }
}
