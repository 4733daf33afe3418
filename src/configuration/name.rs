//! Names of settings, and which of them was meant.

/// Returns a name in the spelling by which names are compared: neither case nor underscores count, so that
/// `KeepAliveTimeout` and `KEEP_ALIVE_TIMEOUT` are `keep_alive_timeout`.
pub(crate) fn plain(name: &str) -> String {
    name.replace('_', "").to_lowercase()
}

/// Returns the name that was probably meant.
pub(super) fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let name = plain(name);
    let far = |known: &str| strsim::damerau_levenshtein(&name, &plain(known));
    let (distance, nearest) = known
        .iter()
        .map(|known| (far(known), *known))
        .min_by_key(|(distance, _)| *distance)?;
    // A third of it mistyped is another word.
    (distance <= 1.max(name.chars().count() / 4)).then_some(nearest)
}

/// Adds a name to a path; one that is not plain is quoted, as TOML would have it.
pub(super) fn join(path: &str, name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let quote = if !name.is_empty() && name.bytes().all(plain) {
        ""
    } else {
        "\""
    };
    let dot = if path.is_empty() { "" } else { "." };
    format!("{path}{dot}{quote}{name}{quote}")
}

/// Takes a path apart at its dots; what is quoted is one name. `None` if a name is empty, or a quote open.
pub(crate) fn split(path: &str) -> Option<Vec<String>> {
    let mut names = vec![String::new()];
    let mut quoted = false;
    for char in path.trim().chars() {
        match char {
            '"' => quoted = !quoted,
            '.' if !quoted => names.push(String::new()),
            char => names.last_mut()?.push(char),
        }
    }
    (!quoted && names.iter().all(|name| !name.is_empty())).then_some(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_miss_is_recognised_and_another_word_is_not() {
        let known = ["max_connections", "keep_alive_timeout", "url"];
        assert_eq!(nearest("max_conections", &known), Some("max_connections"));
        assert_eq!(
            nearest("KeepAliveTimeot", &known),
            Some("keep_alive_timeout")
        );
        assert_eq!(nearest("ur", &known), Some("url"));
        assert_eq!(nearest("tls", &known), None);
        assert_eq!(nearest("threads", &known), None);
        assert_eq!(nearest("x", &[]), None);
    }

    #[test]
    fn a_path_quotes_what_is_not_plain() {
        assert_eq!(join("", "hyper"), "hyper");
        assert_eq!(
            join("hyper.sni", "*.example.org"),
            r#"hyper.sni."*.example.org""#
        );
        assert_eq!(join("hyper.sni", ""), r#"hyper.sni."""#);
        let names = split(r#"hyper.sni."*.example.org".protocols"#);
        let expected = ["hyper", "sni", "*.example.org", "protocols"].map(String::from);
        assert_eq!(names, Some(expected.to_vec()));
        for wrong in ["", "a..b", "a.", r#"a."b"#] {
            assert_eq!(split(wrong), None, "{wrong}");
        }
    }
}
