use http::{HeaderMap, HeaderName};

/// Puts fields in place of those of the same name, or beside them where the name is one of `added`.
pub(crate) fn merge(headers: &mut HeaderMap, more: HeaderMap, added: &[HeaderName]) {
    let mut name = None;
    for (next, value) in more {
        // Of several values, only the first has the name.
        let first = next.is_some();
        name = next.or(name);
        let Some(name) = &name else { continue };
        match first && !added.contains(name) {
            true => _ = headers.insert(name, value),
            false => _ = headers.append(name, value),
        }
    }
}
