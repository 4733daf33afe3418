//! Which entry answers for a name.

use std::collections::HashMap;
use std::net::IpAddr;

use crate::contract::Error;

/// Names of servers as clients ask for them, each with the number of its entry.
#[derive(Debug, Default)]
pub(super) struct Names {
    exact: HashMap<String, usize>,
    /// `*.example.com` as `.example.com`, the longest first.
    wildcards: Vec<(String, usize)>,
    any: Option<usize>,
}

impl Names {
    /// Adds `example.com`, `*.example.com` or `*`.
    ///
    /// # Errors
    ///
    /// [`Error::is_configuration`]: it is none of these, or there already.
    pub(super) fn add(&mut self, name: &str, entry: usize) -> Result<(), Error> {
        let lower = name.to_ascii_lowercase();
        let host = lower.strip_prefix("*.").unwrap_or(&lower);
        if lower != "*" && !is_host(host) {
            return Err(Error::configuration(format!(
                "`{name}` is no name to serve over TLS; write `example.com`, `*.example.com`, or `*` for every \
                 other name and for clients that send none"
            )));
        }
        let known = if lower == "*" {
            self.any.replace(entry)
        } else if let Some(suffix) = lower.strip_prefix('*') {
            let known = self.wildcards.iter().find(|(known, _)| known == suffix);
            let known = known.map(|(_, entry)| *entry);
            self.wildcards.push((suffix.to_owned(), entry));
            self.wildcards
                .sort_by_key(|(suffix, _)| std::cmp::Reverse(suffix.len()));
            known
        } else {
            self.exact.insert(lower, entry)
        };
        match known {
            None => Ok(()),
            Some(_) => Err(Error::configuration(format!(
                "the name `{name}` is served over TLS twice; `Tls::new` serves `*`, `Tls::by_sni` nothing"
            ))),
        }
    }

    /// Returns the entry of a name: the exact one, else the longest wildcard, else `*`, which is also that
    /// of clients that send no name.
    pub(super) fn find(&self, name: Option<&str>) -> Option<usize> {
        let Some(name) = name else {
            return self.any;
        };
        let lower = name.to_ascii_lowercase();
        let exact = || self.exact.get(&lower).copied();
        let wildcard = || {
            let mut wildcards = self.wildcards.iter();
            let covers = |suffix: &str| lower.len() > suffix.len() && lower.ends_with(suffix);
            wildcards
                .find(|(suffix, _)| covers(suffix))
                .map(|(_, entry)| *entry)
        };
        exact().or_else(wildcard).or(self.any)
    }
}

/// RFC 6066, section 3: a name of DNS without a trailing dot; addresses are not sent.
pub(super) fn is_host(name: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    name.len() <= 253 && name.split('.').all(label) && name.parse::<IpAddr>().is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(names: &[&str]) -> Names {
        let mut table = Names::default();
        for (entry, name) in names.iter().enumerate() {
            table.add(name, entry).unwrap();
        }
        table
    }

    #[test]
    fn exact_goes_before_the_longest_wildcard_and_that_before_any() {
        let table = table(&["*", "*.example.com", "*.b.example.com", "www.Example.com"]);
        assert_eq!(table.find(Some("www.example.com")), Some(3));
        assert_eq!(table.find(Some("WWW.EXAMPLE.COM")), Some(3));
        assert_eq!(table.find(Some("a.example.com")), Some(1));
        assert_eq!(table.find(Some("x.a.example.com")), Some(1));
        assert_eq!(table.find(Some("a.b.example.com")), Some(2));
        assert_eq!(table.find(Some("example.com")), Some(0));
        assert_eq!(table.find(Some(".example.com")), Some(0));
        assert_eq!(table.find(Some("example.org")), Some(0));
        assert_eq!(table.find(None), Some(0));
    }

    #[test]
    fn without_a_star_nothing_else_is_served() {
        let table = table(&["example.com", "*.example.com"]);
        assert_eq!(table.find(Some("example.org")), None);
        assert_eq!(table.find(Some("notexample.com")), None);
        assert_eq!(table.find(None), None);
    }

    #[test]
    fn what_is_no_name_or_there_twice_is_an_error() {
        for wrong in [
            "",
            " ",
            "a b",
            "*.",
            "*.*",
            "a*.example.com",
            "https://a",
            "a:443",
            "127.0.0.1",
            "a.",
        ] {
            let error = Names::default().add(wrong, 0).unwrap_err();
            assert!(error.to_string().contains("is no name"), "{wrong}: {error}");
        }
        for name in ["a.example", "*.a.example", "*"] {
            let mut table = table(&[name]);
            let error = table.add(&name.to_uppercase(), 1).unwrap_err();
            assert!(error.to_string().contains("twice"), "{name}: {error}");
        }
    }
}
