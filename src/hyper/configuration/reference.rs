//! The tables of keys as text.

use super::HyperConfiguration;
use super::certificate::{CERTIFICATE, CertificateValues};
use super::endpoint::{DEFAULTS, ENDPOINT, EndpointValues, NAME};
use super::key::Table;
use super::kind::RATE;
use super::limits::{HTTP2, HTTP3, LIMITS};
use super::plan::{Plan, SERVER};
use super::proxy::{PROXY, ProxyValues};
use crate::hyper::options::{Http2Limits, Http3Limits, Limits, MinDataRate};

impl HyperConfiguration {
    /// Returns every key with its type, its default and Kestrel's name for it, as tables of Markdown: for a
    /// program that has a help of its own.
    ///
    /// ```
    /// use transom::hyper::HyperConfiguration;
    ///
    /// let reference = HyperConfiguration::reference();
    /// assert!(reference.contains("| `keep_alive_timeout` | time, or `none` | 130s | `KeepAliveTimeout` |"));
    /// ```
    pub fn reference() -> String {
        let (limits, http2) = (Limits::default(), Http2Limits::default());
        let proxy = ProxyValues::default();
        let (endpoint, rate) = (EndpointValues::default(), MinDataRate::default());
        [
            shown("hyper", &SERVER, &Plan::default()),
            shown("hyper.limits", &LIMITS, &limits),
            shown("hyper.limits.http2", &HTTP2, &http2),
            shown("hyper.limits.http3", &HTTP3, &Http3Limits::default()),
            shown("A rate", &RATE, &rate),
            shown("hyper.endpoints.NAME", &ENDPOINT, &endpoint),
            shown("hyper.endpoints.NAME.sni.HOST", &NAME, &endpoint),
            shown("hyper.endpoints.NAME.proxy_protocol", &PROXY, &proxy),
            shown("hyper.endpoint_defaults", &DEFAULTS, &endpoint),
            shown("A certificate", &CERTIFICATE, &CertificateValues::default()),
        ]
        .join("\n")
    }

    /// Returns what this server has and Kestrel lacks, and the reverse, as tables of Markdown.
    #[cfg(test)]
    pub(super) fn comparison() -> String {
        let mut text = String::from("| here alone | |\n|---|---|\n");
        own("limits", &LIMITS, &mut text);
        own("limits.http2", &HTTP2, &mut text);
        own("limits.http3", &HTTP3, &mut text);
        own("endpoints.NAME", &ENDPOINT, &mut text);
        own("hyper", &SERVER, &mut text);
        text.push_str("\n| Kestrel alone | why |\n|---|---|\n");
        others("", &SERVER, &mut text);
        others("Limits.", &LIMITS, &mut text);
        others("Limits.Http2.", &HTTP2, &mut text);
        others("Limits.Http3.", &HTTP3, &mut text);
        others("Certificate.", &CERTIFICATE, &mut text);
        text
    }
}

fn shown<T>(title: &str, table: &Table<T>, defaults: &T) -> String {
    let title = match title.contains(' ') {
        true => title.to_owned(),
        false => format!("`[{title}]`"),
    };
    let mut text =
        format!("## {title}\n\n| key | is | default | Kestrel | about |\n|---|---|---|---|---|\n");
    for key in table.keys {
        let none = if key.optional { ", or `none`" } else { "" };
        let default = (key.shown)(defaults).unwrap_or_default();
        let kestrel = key
            .kestrel
            .map_or(String::new(), |name| format!("`{name}`"));
        text.push_str(&format!(
            "| `{}` | {}{none} | {default} | {kestrel} | {} |\n",
            key.name, key.is, key.about
        ));
    }
    text
}

#[cfg(test)]
fn own<T>(path: &str, table: &Table<T>, text: &mut String) {
    for key in table.keys.iter().filter(|key| key.kestrel.is_none()) {
        text.push_str(&format!("| `{path}.{}` | {} |\n", key.name, key.about));
    }
}

#[cfg(test)]
fn others<T>(path: &str, table: &Table<T>, text: &mut String) {
    for (name, why) in table.kestrel {
        text.push_str(&format!("| `{path}{name}` | {why} |\n"));
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/hyper/configuration");

    /// Compares a page, from its first table on, with what the code says; writes it, if `TRANSOM_UPDATE_DOCS` is
    /// set.
    fn ends_with(page: &str, begin: &str, expected: &str) {
        let path = format!("{FOLDER}/{page}");
        let text = std::fs::read_to_string(&path).unwrap();
        let end = text.find(begin).unwrap_or(text.len());
        if std::env::var_os("TRANSOM_UPDATE_DOCS").is_some() {
            std::fs::write(&path, format!("{}{expected}", &text[..end])).unwrap();
            return;
        }
        assert_eq!(
            &text[end..],
            expected,
            "run this test with TRANSOM_UPDATE_DOCS=1, and look at what it has changed in {page}"
        );
    }

    #[test]
    fn the_documentation_has_every_key_as_it_is() {
        ends_with(
            "configuration.md",
            "## `[",
            &HyperConfiguration::reference(),
        );
        ends_with(
            "kestrel.md",
            "| here alone",
            &HyperConfiguration::comparison(),
        );
    }
}
